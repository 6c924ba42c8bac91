namespace SafeTensor.Runtime;

/// <summary>What a sealed package says of itself.</summary>
/// <remarks>Immutable. What <see cref="Read(string)"/> returns is only what the files claim: anybody can have written them.</remarks>
public sealed record PackageInfo
{
    /// <summary>The longest graph that is read without a key: anybody can have written it, and reading takes memory of several times its length.</summary>
    private const int MaxClaimedGraph = 4 << 20;

    /// <summary>Whether the key vouches for all of it: <see langword="true"/> only where it comes from a load, a sealing or a verification.</summary>
    public bool IsAuthenticated { get; init; }

    /// <summary>The package's folder.</summary>
    public string Path { get; init; } = "";

    /// <summary>The vendor's name for the model, at most 256 bytes.</summary>
    public string ModelId { get; init; } = "";

    /// <summary>Of this sealing, 32 hexadecimal digits.</summary>
    public string FileId { get; init; } = "";

    /// <summary>What sealed it; empty where it does not say.</summary>
    public string Producer { get; init; } = "";

    /// <summary>Rises with every release of the model.</summary>
    public ulong ModelVersion { get; init; }

    /// <summary>When it was sealed, to the second.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>After this it does not load; <see langword="null"/> for never.</summary>
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>Of all segments.</summary>
    public CipherSuite Suite { get; init; }

    /// <summary>In bytes.</summary>
    public int SegmentSize { get; init; }

    /// <summary>Parameters, the manifest not counted.</summary>
    public int TensorCount { get; init; }

    /// <summary>Of parameters, code and graph together.</summary>
    public long EncryptedBytes { get; init; }

    /// <summary>The parameters that were left readable, in file order.</summary>
    public IReadOnlyList<string> ClearTensors { get; init; } = [];

    /// <summary>Whether the compiled code is encrypted.</summary>
    public bool IsCodeSealed { get; init; }

    /// <summary>Whether the graph is encrypted.</summary>
    public bool IsGraphSealed { get; init; }

    /// <summary>Whether it has signatures (mod.sig). Only a load or a verification with trusted publishers has checked them.</summary>
    public bool IsSigned { get; init; }

    /// <summary>What the model takes, without its parameters; empty where there is no graph, or no key was given for one that is sealed or longer than 4 MiB.</summary>
    public IReadOnlyList<TensorInfo> Inputs { get; init; } = [];

    /// <summary>What the model gives; empty where <see cref="Inputs"/> is.</summary>
    public IReadOnlyList<TensorInfo> Outputs { get; init; } = [];

    /// <summary>Reads what a package claims, without its key. Decrypts nothing and runs nothing.</summary>
    /// <param name="path">The package's folder.</param>
    /// <exception cref="FileNotFoundException">There is no package at <paramref name="path"/>.</exception>
    /// <exception cref="SafeModelException">It is not sealed, of an unknown format, above a limit, or damaged.</exception>
    public static PackageInfo Read(string path) => SealedParams.Open(path, path, (parameters, _) => Read(parameters));

    private static PackageInfo Read(SealedParams opened)
    {
        using var parameters = opened;
        var header = parameters.Header;
        var manifest = ManifestReader.Read(parameters.ReadClaimedBody(), header, parameters.File.Name);
        var info = From(parameters, manifest, isAuthenticated: false);
        if (manifest.File(FileKind.Graph) is not { IsEncrypted: false, Length: <= MaxClaimedGraph } part)
        {
            return info;
        }

        using var graph = parameters.Folder.OpenFile(part.Name);
        part.RequireLengthOf(graph);
        using var json = ProtectedMemory.Reserve(part.Length);
        graph.Read(0, json.Span);
        new StoredPart(part, graph, offset: 0, header.SegmentSize, checkRoot: true).VerifyRootOf(json.Span, header.SegmentSize);
        return info.With(GraphDescription.Read(json.Span, graph.Name), manifest);
    }

    /// <summary>As in <c>digits, version 7</c>; control characters of the id are escaped.</summary>
    public override string ToString() => $"{SafeText.Escape(ModelId)}, version {ModelVersion}{(IsAuthenticated ? "" : ", unverified")}";

    /// <summary>With the inputs and outputs that a graph describes.</summary>
    internal PackageInfo With(GraphDescription graph, Manifest manifest) =>
        this with { Inputs = graph.InputsWithout(manifest.Tensors.Select(tensor => tensor.Name)), Outputs = graph.OutputInfos() };

    internal static PackageInfo From(SealedParams parameters, Manifest manifest, bool isAuthenticated) => new()
    {
        IsAuthenticated = isAuthenticated,
        Path = parameters.Folder.Path,
        ModelId = manifest.ModelId,
        FileId = Convert.ToHexStringLower(parameters.Header.FileId.Span),
        Producer = manifest.Producer ?? "",
        ModelVersion = manifest.ModelVersion,
        Created = manifest.Created,
        NotAfter = manifest.NotAfter,
        Suite = parameters.Header.Suite,
        SegmentSize = parameters.Header.SegmentSize,
        TensorCount = manifest.Tensors.Count,
        EncryptedBytes = manifest.Tensors.Concat(manifest.Files).Where(part => part.IsEncrypted).Sum(part => part.Length),
        ClearTensors = [.. manifest.Tensors.Where(part => !part.IsEncrypted).Select(part => part.Name)],
        IsCodeSealed = manifest.File(FileKind.Code) is { IsEncrypted: true },
        IsGraphSealed = manifest.File(FileKind.Graph) is { IsEncrypted: true },
        IsSigned = parameters.Folder.Contains(SignatureFile.Name),
    };
}
