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

    internal override LoadedFiles Load(MemoryKind? weights, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        var code = _files.Code ?? throw new FileNotFoundException($"There is no compiled code '{CodeName}' in '{SafeText.EscapePath(_files.Path)}'.", CodeName);
        if (code.Length == 0)
        {
            throw new SafeModelException(SafeModelError.ModelInvalid, code.Name, "is empty.");
        }

        // Before it is read: what is no library can be of any length.
        LibraryLayout.Read(code);
        if (_files.Graph is not null)
        {
            GraphDescription.RequireLength(_files.Graph);
        }

        var loaded = LoadedFiles.Reserve(code.Length, _files.Graph?.Length, Parameters, weights);
        try
        {
            var destinations = loaded.Destinations;
            var parts = new List<(PackageFile File, long Offset)>();
            var lengths = new List<long>();
            foreach (var file in _files.Graph is { } graph ? [graph, code] : (ReadOnlySpan<PackageFile>)[code])
            {
                parts.Add((file, 0));
                lengths.Add(file.Length);
            }

            if (loaded.Weights is not null)
            {
                parts.AddRange(_tensors.Select(tensor => (_files.Parameters!, tensor.Offset)));
                lengths.AddRange(_tensors.Select(tensor => tensor.Info.ByteLength));
            }

            SegmentPipeline.Run(
                [.. lengths], SegmentSize, () => new PlainReadWorker([.. parts], destinations), new ProgressMeter(progress, lengths.Sum()), cancellationToken);
            loaded.Seal();
            return loaded;
        }
        catch
        {
            loaded.Dispose();
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
