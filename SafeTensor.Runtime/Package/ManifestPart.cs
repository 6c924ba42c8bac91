namespace SafeTensor.Runtime;

/// <summary>A tensor or a file, as its manifest describes it.</summary>
internal sealed class ManifestPart
{
    internal const uint FirstFile = 1u << 31;

    /// <summary>Of one part: as many tags as a manifest can hold, and so the hashes of all of them take 128 MiB at most.</summary>
    internal const long MaxSegments = ManifestHeader.MaxManifestLength / ManifestHeader.TagLength;

    /// <summary>Tensors from 0, files from 2³¹.</summary>
    internal required uint Number { get; init; }

    internal required string Name { get; init; }

    /// <summary>In bytes, the same sealed and plain.</summary>
    internal required long Length { get; init; }

    internal required bool IsEncrypted { get; init; }

    /// <summary>Of the segments as stored; 32 bytes.</summary>
    internal required ReadOnlyMemory<byte> Root { get; init; }

    /// <summary>Of its first segment among the package's tags; counts for encrypted parts only.</summary>
    internal int FirstTag { get; init; }

    /// <summary>Of a tensor; <see langword="null"/> for a file.</summary>
    internal ParameterInfo? Tensor { get; init; }

    /// <summary>Of a file; 0 for a tensor.</summary>
    internal FileKind Kind { get; init; }

    /// <exception cref="SafeModelException"><see cref="SafeModelError.WrongPackage"/>: the file has another length, or none.</exception>
    internal void RequireLengthOf(PackageFile file)
    {
        if (file.Length != Length || file.Length == 0)
        {
            throw new SafeModelException(
                SafeModelError.WrongPackage, Name, $"has {file.Length} bytes; the one sealed with these parameters has {Length}. Get the package again.");
        }
    }

    /// <summary>One at least, so that an empty part has a tag too.</summary>
    internal static long SegmentCount(long length, int segmentSize) => Math.Max(1, (length / segmentSize) + (length % segmentSize != 0 ? 1 : 0));
}
