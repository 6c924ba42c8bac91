namespace SafeTensor.Runtime;

/// <summary>What a package says of itself: the body of its manifest. Encoding: <see cref="ManifestFields"/>.</summary>
internal sealed class Manifest
{
    internal const string TensorName = "__safetensor__";
    internal const int MaxTextLength = 256, MaxFileNameLength = 64;

    /// <summary>Of code and of the graph, in bytes.</summary>
    internal const long MaxFileLength = 4L << 30;

    /// <summary>Seconds since 1970 of the year 10 000.</summary>
    internal const ulong EndOfTime = 253_402_300_800;

    internal required string ModelId { get; init; }

    internal required ulong ModelVersion { get; init; }

    internal required DateTimeOffset Created { get; init; }

    internal DateTimeOffset? NotAfter { get; init; }

    internal string? Producer { get; init; }

    /// <summary>In file order.</summary>
    internal required IReadOnlyList<ManifestPart> Tensors { get; init; }

    internal required IReadOnlyList<ManifestPart> Files { get; init; }

    internal ManifestPart? File(FileKind kind)
    {
        foreach (var file in Files)
        {
            if (file.Kind == kind)
            {
                return file;
            }
        }

        return null;
    }
}
