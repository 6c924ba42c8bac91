using System.Security.Cryptography;

namespace SafeTensor.Runtime;

/// <summary>A part where it is stored, and the hashes of its segments as far as its root is to be checked.</summary>
internal sealed class StoredPart
{
    private readonly byte[]? _leaves;
    private long _leavesLeft;

    /// <param name="manifest">What the manifest says of it.</param>
    /// <param name="file">Where it is stored.</param>
    /// <param name="offset">Of its first byte in there.</param>
    /// <param name="segmentSize">The package's, in bytes.</param>
    /// <param name="checkRoot">Whether the root is checked; without, an encrypted part is authenticated by its tags alone.</param>
    internal StoredPart(ManifestPart manifest, PackageFile file, long offset, int segmentSize, bool checkRoot)
    {
        Manifest = manifest;
        File = file;
        Offset = offset;
        if (checkRoot || !manifest.IsEncrypted)
        {
            _leavesLeft = ManifestPart.SegmentCount(manifest.Length, segmentSize);
            _leaves = new byte[checked((int)(_leavesLeft * PartDigest.Length))];
        }
    }

    internal ManifestPart Manifest { get; }

    internal PackageFile File { get; }

    internal long Offset { get; }

    internal bool ChecksRoot => _leaves is not null;

    /// <summary>For messages.</summary>
    internal string Name => Manifest.Tensor is null ? File.Name : $"{File.Name}: {SafeText.Escape(Manifest.Name)}";

    internal Span<byte> Leaf(uint segment) => _leaves.AsSpan((int)segment * PartDigest.Length, PartDigest.Length);

    /// <summary>To be asked once for each leaf, after it was written, by any thread.</summary>
    internal bool IsLastLeaf() => Interlocked.Decrement(ref _leavesLeft) == 0;

    /// <summary>Checks the root of a part that is all in memory.</summary>
    /// <inheritdoc cref="VerifyRoot" path="/exception"/>
    internal void VerifyRootOf(ReadOnlySpan<byte> stored, int segmentSize)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var at = 0; at < stored.Length; at += segmentSize)
        {
            PartDigest.Leaf(hash, stored.Slice(at, Math.Min(segmentSize, stored.Length - at)), Leaf((uint)(at / segmentSize)));
        }

        VerifyRoot(hash);
    }

    /// <summary>Once every leaf is there.</summary>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.Tampered"/>, or for code and graph <see cref="SafeModelError.WrongPackage"/>.</exception>
    internal void VerifyRoot(IncrementalHash hash)
    {
        Span<byte> root = stackalloc byte[PartDigest.Length];
        PartDigest.Root(hash, _leaves, root);
        if (!root.SequenceEqual(Manifest.Root.Span))
        {
            throw Changed(segment: null, cause: null);
        }
    }

    /// <summary>The refusal of this part: a file that is not as sealed is taken for another's, since the parameters' own checks have passed.</summary>
    internal SafeModelException Changed(uint? segment, Exception? cause) => Manifest.Tensor is null
        ? new SafeModelException(SafeModelError.WrongPackage, Name, "is not the file that was sealed with these parameters. Get the package again.", cause)
        : new SafeModelException(
            SafeModelError.Tampered, segment is null ? Name : $"{Name}, segment {segment}", "was changed after sealing. Get the package again.", cause);
}
