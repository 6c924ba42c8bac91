namespace SafeTensor.Runtime;

/// <summary>Reads plain tensors to their places.</summary>
internal sealed unsafe class PlainReadWorker(PackageFile file, ParamsTensor[] tensors, nint[] destinations) : SegmentWorker
{
    internal override void Process(int part, uint segment, long offset, int length) =>
        file.Read(tensors[part].Offset + offset, new Span<byte>((byte*)destinations[part] + offset, length));

    public override void Dispose()
    {
    }
}
