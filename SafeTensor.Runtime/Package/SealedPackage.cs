using System.Runtime.InteropServices;

namespace SafeTensor.Runtime;

/// <summary>A sealed package, authenticated up to its manifest. Its parts are authenticated as they are read.</summary>
internal sealed class SealedPackage : ModelPackage
{
    private readonly SealedParams _params;
    private KeySchedule? _keys;
    private readonly StoredPackage _stored;
    private readonly VersionFile? _versions;
    private readonly bool _checksRoots;

    private SealedPackage(SealedParams parameters, KeySchedule keys, StoredPackage stored, IReadOnlyList<string> publishers, VersionFile? versions)
    {
        _params = parameters;
        _keys = keys;
        _stored = stored;
        Publishers = publishers;
        _versions = versions;

        // A tag binds only those without the key: what a publisher signed is told by the roots.
        _checksRoots = publishers.Count > 0;
        Parameters = [.. Manifest.Tensors.Select(part => part.Tensor!)];
        Info = PackageInfo.From(parameters, Manifest, isAuthenticated: true);
    }

    internal Manifest Manifest => _stored.Manifest;

    /// <summary>The thumbprints of the trusted publishers who signed it; none where none is demanded.</summary>
    internal IReadOnlyList<string> Publishers { get; }

    internal override PackageInfo Info { get; }

    internal override IReadOnlyList<ParameterInfo> Parameters { get; }

    /// <summary>Steps 4 to 6 of a load, up to the files' lengths.</summary>
    /// <param name="parameters">Opened by <see cref="SealedParams.Open(string)"/>; owned by the package when this succeeds.</param>
    /// <param name="publishers">Who signed it.</param>
    /// <param name="modelKey">32 bytes; not kept.</param>
    /// <param name="expectations">What else must hold.</param>
    private static SealedPackage Open(
        SealedParams parameters, IReadOnlyList<string> publishers, ReadOnlySpan<byte> modelKey, PackageExpectations expectations)
    {
        var keys = DeriveKeys(parameters, modelKey);
        StoredPackage? stored = null;
        try
        {
            stored = StoredPackage.Open(parameters);
            expectations.Check(stored.Manifest, publishers, parameters.File.Name);
            stored.OpenFiles();
            return new SealedPackage(parameters, keys, stored, publishers, expectations.Versions);
        }
        catch
        {
            stored?.Dispose();
            keys.Dispose();
            throw;
        }
    }

    /// <summary>Opens a package with a key that the caller has: steps 1 to 6 of a load.</summary>
    internal static SealedPackage Open(string directory, ReadOnlySpan<byte> modelKey, PackageExpectations expectations) =>
        SealedParams.Open(directory, modelKey, (parameters, key) => Open(parameters, expectations.CheckSignature(parameters), key, expectations));

    /// <summary>As <see cref="Open(string, ReadOnlySpan{byte}, PackageExpectations)"/>, with a key that unlocks at once.</summary>
    internal static SealedPackage Open(string directory, HeldKey key, PackageExpectations expectations) =>
        SealedParams.Open(directory, key, (parameters, key) =>
        {
            var publishers = CheckOrigin(parameters, key.Key, expectations);
            using var page = KeyPage.Unwrap(key, RequestFor(parameters));
            return Open(parameters, publishers, page.Span, expectations);
        });

    /// <summary>As <see cref="Open(string, ReadOnlySpan{byte}, PackageExpectations)"/>, with any key.</summary>
    internal static Task<SealedPackage> OpenAsync(string directory, HeldKey key, PackageExpectations expectations, CancellationToken cancellationToken) =>
        SealedParams.OpenAsync(directory, async parameters =>
        {
            var publishers = CheckOrigin(parameters, key.Key, expectations);
            using var page = await KeyPage.UnwrapAsync(key, RequestFor(parameters), cancellationToken).ConfigureAwait(false);
            return Open(parameters, publishers, page.Span, expectations);
        });

    internal override LoadedFiles Load(MemoryKind? weights, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        var code = Manifest.File(FileKind.Code)
            ?? throw new FileNotFoundException($"The package in '{SafeText.EscapePath(_params.Folder.Path)}' was sealed without compiled code.", CodeName);
        var graph = Manifest.File(FileKind.Graph);
        StoredPart[] files = graph is null ? [_stored.File(code)] : [_stored.File(graph), _stored.File(code)];
        StoredPart[] tensors = weights is null ? [] : _stored.Tensors(_checksRoots);
        return Read(LoadedFiles.Reserve(code.Length, graph?.Length, Parameters, weights), [.. files, .. tensors], progress, cancellationToken);
    }

    /// <summary>The code alone, as a load has it. The caller's; <see langword="null"/> where there is none.</summary>
    /// <exception cref="SafeModelException">It was not as sealed.</exception>
    internal LoadedFiles? LoadCode(CancellationToken cancellationToken)
    {
        if (Manifest.File(FileKind.Code) is not { } part)
        {
            return null;
        }

        var stored = _stored.File(part);
        return Read(LoadedFiles.Reserve(part.Length, graph: null, parameters: [], weights: null), [stored], progress: null, cancellationToken);
    }

    /// <summary>Reads, checks and decrypts parameter i to <paramref name="offsets"/>[i], for all of them.</summary>
    /// <exception cref="SafeModelException">One was not as sealed. Everything written has been wiped.</exception>
    internal unsafe void ReadParameters(ProtectedMemory destination, long[] offsets, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            Read(_stored.Tensors(_checksRoots), Array.ConvertAll(offsets, offset => (nint)destination.Address + (nint)offset), progress, cancellationToken);
        }
        catch
        {
            destination.Wipe();
            throw;
        }
    }

    /// <summary>Zeroes the keys. The manifest that they vouched for stays, and its file stays open; the others are closed.</summary>
    internal void ForgetKeys()
    {
        _keys?.Dispose();
        _keys = null;
        _stored.Dispose();
        _params.Folder.Dispose();
    }

    /// <summary>After <see cref="ForgetKeys"/>: the package's request for its key.</summary>
    internal KeyRequest Request => RequestFor(_params);

    /// <summary>After <see cref="ForgetKeys"/>: takes the key that the package was opened with once more.</summary>
    /// <param name="modelKey">32 bytes; not kept.</param>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.WrongKey"/>: it is another.</exception>
    internal void Unlock(ReadOnlySpan<byte> modelKey) => _keys = DeriveKeys(_params, modelKey);

    internal override unsafe void ReadParameter(int index, byte* destination)
    {
        var part = Manifest.Tensors[index];
        try
        {
            Read([_stored.Tensor(index, _checksRoots)], [(nint)destination], progress: null, CancellationToken.None);
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
        _stored.Verify(NewCipher, progress, cancellationToken);
        return Describe();
    }

    /// <summary><see cref="Info"/> with what the graph describes.</summary>
    internal PackageInfo Describe() => _stored.Describe(Info, NewCipher);

    internal override void RememberVersion(CancellationToken cancellationToken) =>
        _versions?.Raise(Publishers, Manifest.ModelId, Manifest.ModelVersion, cancellationToken);

    public override void Dispose()
    {
        _keys?.Dispose();
        _stored.Dispose();
        _params.Dispose();
    }

    private static KeyRequest RequestFor(SealedParams parameters) => new() { FileId = parameters.Header.FileId };

    private static IReadOnlyList<string> CheckOrigin(SealedParams parameters, ModelKey key, PackageExpectations expectations)
    {
        expectations.CheckSender(key, parameters.File.Name);
        return expectations.CheckSignature(parameters);
    }

    private LoadedFiles Read(LoadedFiles loaded, StoredPart[] parts, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            Read(parts, loaded.Destinations, progress, cancellationToken);
            loaded.Seal();
            return loaded;
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    private void Read(StoredPart[] parts, nint[] destinations, IProgress<ModelProgress>? progress, CancellationToken cancellationToken) =>
        _stored.Read(parts, destinations, NewCipher, progress, cancellationToken);

    private SegmentCipher NewCipher() => new(_params.Header.Suite, _keys!.DataKey, _params.Header.FileId.Span);

    private static KeySchedule DeriveKeys(SealedParams parameters, ReadOnlySpan<byte> modelKey)
    {
        var keys = new KeySchedule(modelKey, parameters.Header.Salt, parameters.Header.Suite);
        try
        {
            parameters.Header.Authenticate(keys, parameters.File.Name);
            return keys;
        }
        catch
        {
            keys.Dispose();
            throw;
        }
    }
}
