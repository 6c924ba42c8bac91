namespace SafeTensor.Runtime.Sealing;

/// <summary>A part to be sealed: where its plaintext is, and the hashes and tags of its segments as they come to be.</summary>
internal sealed class SourcePart
{
    private readonly byte[] _leaves;
    private readonly byte[] _tags;

    /// <param name="manifest">All but its root and its place among the tags.</param>
    /// <param name="file">Where the plaintext is.</param>
    /// <param name="offset">Of its first byte in there.</param>
    /// <param name="segmentSize">In bytes.</param>
    internal SourcePart(ManifestPart manifest, PackageFile file, long offset, int segmentSize)
    {
        Manifest = manifest;
        File = file;
        Offset = offset;
        var segments = ManifestPart.SegmentCount(manifest.Length, segmentSize);
        if (segments > ManifestPart.MaxSegments)
        {
            throw new SafeModelException(
                SafeModelError.LimitExceeded, file.Name, $"has {segments} segments of {segmentSize} bytes in '{SafeText.Escape(manifest.Name)}'; the limit is {ManifestPart.MaxSegments}. Choose a larger SegmentSize.");
        }

        _leaves = new byte[segments * PartDigest.Length];
        _tags = new byte[manifest.IsEncrypted ? segments * ManifestHeader.TagLength : 0];
    }

    internal ManifestPart Manifest { get; }

    internal PackageFile File { get; }

    internal long Offset { get; }

    internal ReadOnlySpan<byte> Leaves => _leaves;

    internal ReadOnlySpan<byte> Tags => _tags;

    internal Span<byte> Leaf(uint segment) => _leaves.AsSpan((int)segment * PartDigest.Length, PartDigest.Length);

    internal Span<byte> Tag(uint segment) => _tags.AsSpan((int)segment * ManifestHeader.TagLength, ManifestHeader.TagLength);
}
