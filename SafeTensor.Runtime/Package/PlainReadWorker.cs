namespace SafeTensor.Runtime;

/// <summary>Reads plain parts to their places.</summary>
/// <param name="parts">Where each is stored.</param>
/// <param name="destinations">Of each part's first byte.</param>
internal sealed unsafe class PlainReadWorker((PackageFile File, long Offset)[] parts, nint[] destinations) : SegmentWorker
{
    internal override bool TryRead(in PipelineSegment segment)
    {
        var (file, offset) = parts[segment.Part];
        return file.TryRead(offset + segment.Offset, Bytes(segment));
    }

    internal override void Read(in PipelineSegment segment)
    {
        var (file, offset) = parts[segment.Part];
        file.Read(offset + segment.Offset, Bytes(segment));
    }

    internal override void Process(in PipelineSegment segment)
    {
        // It is in its place.
    }

    public override void Dispose()
    {
    }

    private Span<byte> Bytes(in PipelineSegment segment) => new((byte*)destinations[segment.Part] + segment.Offset, segment.Length);
}
