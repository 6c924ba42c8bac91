using System.Runtime.InteropServices;

namespace SafeTensor.Runtime;

/// <summary>An unprotected model's files. Its code is trusted; its parameters are not.</summary>
internal sealed unsafe class PlainPackage : ModelPackage
{
    private const int SegmentSize = 1 << 20;

    private readonly SourceFiles _files;
    private readonly ParamsTensor[] _tensors;

    private PlainPackage(SourceFiles files, ParamsTensor[] tensors)
    {
        _files = files;
        _tensors = tensors;
        Parameters = [.. tensors.Select(t => t.Info)];
    }

    internal override PackageInfo? Info => null;

    internal override IReadOnlyList<ParameterInfo> Parameters { get; }

    internal override string CodeFile => _files.Code?.Name ?? CodeName;

    internal override string GraphFile => _files.Graph?.Name ?? GraphName;

    /// <param name="path">What TVM's compiler left, in a folder or a tar, or a library that is all of it.</param>
    /// <exception cref="FileNotFoundException">There is nothing at <paramref name="path"/>, or no model.</exception>
    internal static PlainPackage Open(string path)
    {
        var files = SourceFiles.Open(path);
        try
        {
            var tensors = files.Parameters is { } parameters ? ParamsReader.Read(parameters) : [];
            return tensors is [{ Info.Name: Manifest.TensorName }, ..]
                ? throw new SafeModelException(
                    SafeModelError.ModelInvalid, files.Parameters!.Name, "is sealed, and no plain model. Load it with SafeModel.Load and its key.")
                : new PlainPackage(files, tensors);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    internal override CodeImage LoadCode()
    {
        var file = _files.Code ?? throw new FileNotFoundException($"There is no compiled code '{CodeName}' in '{SafeText.EscapePath(_files.Path)}'.", CodeName);
        if (file.Length == 0)
        {
            throw new SafeModelException(SafeModelError.ModelInvalid, file.Name, "is empty.");
        }

        LibraryLayout.Read(file);
        var image = CodeImage.Create(file.Length);
        try
        {
            ReadAll(file, 0, file.Length, image.Writable);
            image.Seal();
            return image;
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    internal override ProtectedMemory? LoadGraph()
    {
        if (_files.Graph is not { } file)
        {
            return null;
        }

        GraphDescription.RequireLength(file);
        var memory = ProtectedMemory.Reserve(file.Length);
        try
        {
            ReadAll(file, 0, file.Length, memory.Address);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    internal override void ReadParameters(
        ProtectedMemory destination, long[] offsets, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        if (_files.Parameters is not { } file)
        {
            return;
        }

        var addresses = Array.ConvertAll(offsets, offset => (nint)destination.Address + (nint)offset);
        var lengths = Array.ConvertAll(_tensors, tensor => tensor.Info.ByteLength);
        try
        {
            SegmentPipeline.Run(
                lengths, SegmentSize, () => new PlainReadWorker(file, _tensors, addresses), new ProgressMeter(progress, lengths.Sum()), cancellationToken);
        }
        catch
        {
            destination.Wipe();
            throw;
        }
    }

    internal override void ReadParameter(int index, byte* destination)
    {
        var (info, offset) = _tensors[index];
        try
        {
            ReadAll(_files.Parameters!, offset, info.ByteLength, destination);
        }
        catch
        {
            NativeMemory.Clear(destination, (nuint)info.ByteLength);
            throw;
        }
    }

    internal override void RememberVersion(CancellationToken cancellationToken)
    {
        // It has none.
    }

    public override void Dispose() => _files.Dispose();

    private static void ReadAll(PackageFile file, long offset, long length, byte* destination)
    {
        for (long at = 0; at < length; at += SegmentSize)
        {
            file.Read(offset + at, new Span<byte>(destination + at, (int)Math.Min(SegmentSize, length - at)));
        }
    }
}
