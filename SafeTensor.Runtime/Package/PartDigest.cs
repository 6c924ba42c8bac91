using System.Security.Cryptography;

namespace SafeTensor.Runtime;

/// <summary>The root that a manifest has of each part: a hash over the hashes of its segments as stored, so that they can be computed apart.</summary>
internal static class PartDigest
{
    internal const int Length = SHA256.HashSizeInBytes;

    /// <summary>SHA-256(0x00 ‖ segment).</summary>
    internal static void Leaf(IncrementalHash hash, ReadOnlySpan<byte> segment, Span<byte> leaf)
    {
        hash.AppendData([0]);
        hash.AppendData(segment);
        hash.GetHashAndReset(leaf);
    }

    /// <summary>SHA-256(0x01 ‖ leaves).</summary>
    internal static void Root(IncrementalHash hash, ReadOnlySpan<byte> leaves, Span<byte> root)
    {
        hash.AppendData([1]);
        hash.AppendData(leaves);
        hash.GetHashAndReset(root);
    }
}
