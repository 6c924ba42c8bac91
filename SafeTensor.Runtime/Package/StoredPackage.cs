namespace SafeTensor.Runtime;

/// <summary>A package as it is stored: its manifest, and where its parts are. It is as authentic as the header that it was opened with.</summary>
internal sealed class StoredPackage : IDisposable
{
    private readonly SealedParams _params;
    private readonly ReadOnlyMemory<byte> _tags;
    private readonly long[] _offsets;
    private readonly List<PackageFile> _files = [];

    private StoredPackage(SealedParams parameters, Manifest manifest, ReadOnlyMemory<byte> tags, long[] offsets)
    {
        _params = parameters;
        _tags = tags;
        _offsets = offsets;
        Manifest = manifest;
    }

    internal Manifest Manifest { get; }

    private int SegmentSize => _params.Header.SegmentSize;

    /// <summary>Step 5 of a load: what the header commits to, and every byte that follows from that.</summary>
    /// <param name="parameters">With a header that a key or a publisher vouches for; stays the caller's.</param>
    internal static StoredPackage Open(SealedParams parameters)
    {
        var header = parameters.Header;
        var rest = parameters.ReadRest();
        header.AuthenticateRest(rest, parameters.File.Name);
        var manifest = ManifestReader.Read(rest.AsMemory(0, header.BodyLength), header, parameters.File.Name);
        return new StoredPackage(parameters, manifest, rest.AsMemory(header.BodyLength), SealedStructure.Verify(parameters, manifest.Tensors));
    }

    /// <summary>Opens code and graph, as far as there are any and of the lengths that were sealed: from then on nothing more is looked for in the package's folder.</summary>
    /// <exception cref="FileNotFoundException">One is missing.</exception>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.WrongPackage"/>: one has another length. <see cref="SafeModelError.LimitExceeded"/>: of a graph.</exception>
    internal void OpenFiles()
    {
        try
        {
            foreach (var part in Manifest.Files)
            {
                if (part is { Kind: FileKind.Graph, Length: > GraphDescription.MaxLength })
                {
                    throw new SafeModelException(
                        SafeModelError.LimitExceeded, part.Name, $"has {part.Length} bytes; a graph has at most {GraphDescription.MaxLength}.");
                }

                _files.Add(_params.Folder.OpenFile(part.Name));
                part.RequireLengthOf(_files[^1]);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Closes code and graph. The parameters' file, which is not its own, can be read on.</summary>
    public void Dispose() => _files.ForEach(file => file.Dispose());

    internal StoredPart Tensor(int index, bool checkRoot) => new(Manifest.Tensors[index], _params.File, _offsets[index], SegmentSize, checkRoot);

    internal StoredPart[] Tensors(bool checkRoots)
    {
        var parts = new StoredPart[Manifest.Tensors.Count];
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = Tensor(i, checkRoots);
        }

        return parts;
    }

    /// <summary>A file of <see cref="Manifest"/>, after <see cref="OpenFiles"/>. Its root is always checked.</summary>
    internal StoredPart File(ManifestPart part) => new(part, _files[(int)(part.Number - ManifestPart.FirstFile)], 0, SegmentSize, checkRoot: true);

    /// <summary>Reads, checks and decrypts parts with all cores.</summary>
    /// <param name="parts">Which. Of several that were changed, the first is named: so the files stand before the tensors.</param>
    /// <param name="destinations">Of each part's first byte; <see langword="null"/> to keep nothing.</param>
    /// <param name="createCipher">Called on each thread; <see langword="null"/> to check roots alone.</param>
    /// <param name="progress">Told of every byte.</param>
    /// <param name="cancellationToken">Stops within one segment.</param>
    /// <exception cref="SafeModelException">A part is not as sealed.</exception>
    internal void Read(
        StoredPart[] parts, nint[]? destinations, Func<SegmentCipher>? createCipher, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        var lengths = Array.ConvertAll(parts, part => part.Manifest.Length);
        SegmentPipeline.Run(
            lengths, SegmentSize, () => new OpenWorker(parts, destinations, createCipher, _tags, SegmentSize), new ProgressMeter(progress, lengths.Sum()), cancellationToken);
    }

    /// <summary>The graph, checked, in memory of exactly its length; the caller's. <see langword="null"/> where there is none.</summary>
    internal unsafe ProtectedMemory? ReadGraph(Func<SegmentCipher>? createCipher)
    {
        if (Manifest.File(FileKind.Graph) is not { } part)
        {
            return null;
        }

        var memory = ProtectedMemory.Reserve(part.Length);
        try
        {
            Read([File(part)], [(nint)memory.Address], createCipher, progress: null, CancellationToken.None);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary><paramref name="info"/> with what the graph describes, as far as it can be read.</summary>
    internal PackageInfo Describe(PackageInfo info, Func<SegmentCipher>? createCipher)
    {
        using var graph = createCipher is null && Manifest.File(FileKind.Graph) is { IsEncrypted: true } ? null : ReadGraph(createCipher);
        return graph is null ? info : info.With(GraphDescription.Read(graph.Span, ModelPackage.GraphName), Manifest);
    }

    /// <summary>Every root, and with a cipher every tag; keeps nothing and runs no code.</summary>
    internal void Verify(Func<SegmentCipher>? createCipher, IProgress<ModelProgress>? progress, CancellationToken cancellationToken) =>
        Read([.. Manifest.Files.Select(File), .. Tensors(checkRoots: true)], destinations: null, createCipher, progress, cancellationToken);
}
