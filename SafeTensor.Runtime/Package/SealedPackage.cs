using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace SafeTensor.Runtime;

/// <summary>A sealed package, authenticated up to its manifest. Its parts are authenticated as they are read.</summary>
internal sealed class SealedPackage : ModelPackage
{
    private static readonly string[] NoPublisher = [""];

    private readonly SealedParams _params;
    private readonly KeySchedule _keys;
    private readonly ReadOnlyMemory<byte> _tags;
    private readonly long[] _offsets;
    private readonly VersionFile? _versions;

    private SealedPackage(SealedParams parameters, KeySchedule keys, Manifest manifest, ReadOnlyMemory<byte> tags, long[] offsets, VersionFile? versions)
    {
        _params = parameters;
        _keys = keys;
        _tags = tags;
        _offsets = offsets;
        _versions = versions;
        Manifest = manifest;
        Parameters = [.. manifest.Tensors.Select(part => part.Tensor!)];
        Info = PackageInfo.From(parameters.Folder.Path, parameters.Header, manifest, isAuthenticated: true);
    }

    internal Manifest Manifest { get; }

    internal override PackageInfo Info { get; }

    internal override IReadOnlyList<ParameterInfo> Parameters { get; }

    private int SegmentSize => _params.Header.SegmentSize;

    /// <summary>Steps 4 to 6 of a load, as far as they concern the manifest.</summary>
    /// <param name="parameters">Opened by <see cref="SealedParams.Open"/>; owned by the package when this succeeds.</param>
    /// <param name="modelKey">32 bytes; not kept.</param>
    /// <param name="expectations">What else must hold.</param>
    private static SealedPackage Open(SealedParams parameters, ReadOnlySpan<byte> modelKey, PackageExpectations expectations)
    {
        var file = parameters.File.Name;
        var header = parameters.Header;
        var keys = new KeySchedule(modelKey, header.Salt, header.Suite);
        try
        {
            header.Authenticate(keys, file);
            var rest = parameters.ReadRest();
            header.AuthenticateRest(rest, file);
            var manifest = ManifestReader.Read(rest.AsMemory(0, header.BodyLength), header, file);
            var offsets = SealedStructure.Verify(parameters, manifest.Tensors);
            expectations.Check(manifest, NoPublisher, file);
            return new SealedPackage(parameters, keys, manifest, rest.AsMemory(header.BodyLength), offsets, expectations.Versions);
        }
        catch
        {
            keys.Dispose();
            throw;
        }
    }

    /// <summary>Opens a package with a key that the caller has: steps 1 to 6 of a load.</summary>
    internal static SealedPackage Open(string directory, ReadOnlySpan<byte> modelKey, PackageExpectations expectations)
    {
        var parameters = SealedParams.Open(directory);
        try
        {
            return Open(parameters, modelKey, expectations);
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="Open(string, ReadOnlySpan{byte}, PackageExpectations)"/>, with a key that unlocks at once.</summary>
    internal static SealedPackage Open(string directory, ModelKey key, PackageExpectations expectations)
    {
        var parameters = SealedParams.Open(directory);
        try
        {
            using var page = KeyPage.Unwrap(key, RequestFor(parameters));
            return Open(parameters, page.Span, expectations);
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="Open(string, ReadOnlySpan{byte}, PackageExpectations)"/>, with any key.</summary>
    internal static async Task<SealedPackage> OpenAsync(
        string directory, ModelKey key, PackageExpectations expectations, CancellationToken cancellationToken)
    {
        var parameters = SealedParams.Open(directory);
        try
        {
            using var page = await KeyPage.UnwrapAsync(key, RequestFor(parameters), cancellationToken).ConfigureAwait(false);
            return Open(parameters, page.Span, expectations);
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    internal override unsafe CodeImage LoadCode()
    {
        var part = Manifest.File(FileKind.Code)
            ?? throw new FileNotFoundException($"The package in '{_params.Folder.Path}' was sealed without compiled code.", CodeName);
        using var file = OpenFile(part);
        var image = CodeImage.Create(part.Length);
        try
        {
            ReadFile(part, file, image.Writable);
            image.Seal();
            return image;
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    internal override unsafe ProtectedMemory? LoadGraph()
    {
        if (Manifest.File(FileKind.Graph) is not { } part)
        {
            return null;
        }

        if (part.Length > GraphDescription.MaxLength)
        {
            throw new SafeModelException(
                SafeModelError.LimitExceeded, part.Name, $"has {part.Length} bytes; a graph has at most {GraphDescription.MaxLength}.");
        }

        using var file = OpenFile(part);
        var memory = ProtectedMemory.Reserve(part.Length);
        try
        {
            ReadFile(part, file, memory.Address);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    internal override unsafe void ReadParameters(
        ProtectedMemory destination, long[] offsets, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            var parts = StoredTensors(checkRoots: false);
            Read(parts, Array.ConvertAll(offsets, offset => (nint)destination.Address + (nint)offset), progress, cancellationToken);
        }
        catch
        {
            destination.Wipe();
            throw;
        }
    }

    internal override unsafe void ReadParameter(int index, byte* destination)
    {
        var part = Manifest.Tensors[index];
        try
        {
            Read([new StoredPart(part, _params.File, _offsets[index], SegmentSize, checkRoot: false)], [(nint)destination], progress: null, CancellationToken.None);
        }
        catch
        {
            NativeMemory.Clear(destination, (nuint)part.Length);
            throw;
        }
    }

    /// <summary>Every check of a load, and every root; keeps no plaintext and runs no code.</summary>
    internal PackageInfo Verify(IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        var files = Manifest.Files.Select(OpenFile).ToList();
        try
        {
            StoredPart[] parts =
            [
                .. StoredTensors(checkRoots: true),
                .. Manifest.Files.Zip(files, (part, file) => new StoredPart(part, file, 0, SegmentSize, checkRoot: true)),
            ];
            Run(parts, () => new OpenWorker(parts, destinations: null, NewCipher(), _tags, SegmentSize), progress, cancellationToken);
            return Describe();
        }
        finally
        {
            files.ForEach(file => file.Dispose());
        }
    }

    /// <summary><see cref="Info"/> with what the graph describes.</summary>
    internal PackageInfo Describe()
    {
        using var graph = LoadGraph();
        return graph is null ? Info : Info.With(GraphDescription.Read(graph.Span, GraphName), Manifest);
    }

    internal override void RememberVersion(CancellationToken cancellationToken) =>
        _versions?.Raise(NoPublisher, Manifest.ModelId, Manifest.ModelVersion, cancellationToken);

    public override void Dispose()
    {
        _keys.Dispose();
        _params.Dispose();
    }

    private static KeyRequest RequestFor(SealedParams parameters) => new() { FileId = parameters.Header.FileId };

    private StoredPart[] StoredTensors(bool checkRoots)
    {
        var parts = new StoredPart[Manifest.Tensors.Count];
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = new StoredPart(Manifest.Tensors[i], _params.File, _offsets[i], SegmentSize, checkRoots);
        }

        return parts;
    }

    private PackageFile OpenFile(ManifestPart part)
    {
        var file = _params.Folder.OpenFile(part.Name);
        if (file.Length == part.Length && file.Length > 0)
        {
            return file;
        }

        file.Dispose();
        throw new SafeModelException(
            SafeModelError.WrongPackage, part.Name, $"has {file.Length} bytes; the one sealed with these parameters has {part.Length}. Get the package again.");
    }

    private unsafe void ReadFile(ManifestPart part, PackageFile file, byte* destination) =>
        Read([new StoredPart(part, file, 0, SegmentSize, checkRoot: true)], [(nint)destination], progress: null, CancellationToken.None);

    private void Read(StoredPart[] parts, nint[] destinations, IProgress<ModelProgress>? progress, CancellationToken cancellationToken) =>
        Run(parts, () => new OpenWorker(parts, destinations, NewCipher(), _tags, SegmentSize), progress, cancellationToken);

    private void Run(StoredPart[] parts, Func<SegmentWorker> createWorker, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        var lengths = Array.ConvertAll(parts, part => part.Manifest.Length);
        SegmentPipeline.Run(lengths, SegmentSize, createWorker, new ProgressMeter(progress, lengths.Sum()), cancellationToken);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            if (part.ChecksRoot)
            {
                part.VerifyRoot(hash);
            }
        }
    }

    private SegmentCipher NewCipher() => new(_params.Header.Suite, _keys.DataKey, _params.Header.FileId.Span);
}
