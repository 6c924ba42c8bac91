using System.Runtime.InteropServices;

namespace SafeTensor.Runtime;

/// <summary>An unprotected model's folder. Its code is trusted; its parameters are not.</summary>
internal sealed unsafe class PlainPackage : ModelPackage
{
    private const int SegmentSize = 1 << 20;

    private readonly SourceFiles _files;
    private readonly PackageFile? _params;
    private readonly ParamsTensor[] _tensors;

    private PlainPackage(SourceFiles files, PackageFile? parameters, ParamsTensor[] tensors)
    {
        _files = files;
        _params = parameters;
        _tensors = tensors;
        Parameters = [.. tensors.Select(t => t.Info)];
    }

    internal override PackageInfo? Info => null;

    internal override IReadOnlyList<ParameterInfo> Parameters { get; }

    /// <param name="directory">What TVM's compiler left: code, graph and parameters, the latter two as far as the model has them.</param>
    /// <exception cref="FileNotFoundException">There is no such folder, or no model in it.</exception>
    internal static PlainPackage Open(string directory)
    {
        var files = SourceFiles.Find(directory);
        var parameters = files.Parameters is { } path ? PackageFile.Open(path) : null;
        try
        {
            var tensors = parameters is null ? [] : ParamsReader.Read(parameters);
            return tensors is [{ Info.Name: Manifest.TensorName }, ..]
                ? throw new SafeModelException(
                    SafeModelError.ModelInvalid, parameters!.Name, "is sealed, and no plain model. Load it with SafeModel.Load and its key.")
                : new PlainPackage(files, parameters, tensors);
        }
        catch
        {
            parameters?.Dispose();
            throw;
        }
    }

    internal override CodeImage LoadCode()
    {
        var path = _files.Code ?? throw new FileNotFoundException($"There is no compiled code '{CodeName}' in '{_files.Directory}'.", CodeName);
        using var file = PackageFile.Open(path);
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
        if (_files.Graph is not { } path)
        {
            return null;
        }

        using var file = PackageFile.Open(path);
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
        if (_params is null)
        {
            return;
        }

        var addresses = Array.ConvertAll(offsets, offset => (nint)destination.Address + (nint)offset);
        var lengths = Array.ConvertAll(_tensors, tensor => tensor.Info.ByteLength);
        try
        {
            SegmentPipeline.Run(
                lengths, SegmentSize, () => new PlainReadWorker(_params, _tensors, addresses), new ProgressMeter(progress, lengths.Sum()), cancellationToken);
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
            ReadAll(_params!, offset, info.ByteLength, destination);
        }
        catch
        {
            NativeMemory.Clear(destination, (nuint)info.ByteLength);
            throw;
        }
    }

    public override void Dispose() => _params?.Dispose();

    private static void ReadAll(PackageFile file, long offset, long length, byte* destination)
    {
        for (long at = 0; at < length; at += SegmentSize)
        {
            file.Read(offset + at, new Span<byte>(destination + at, (int)Math.Min(SegmentSize, length - at)));
        }
    }
}
