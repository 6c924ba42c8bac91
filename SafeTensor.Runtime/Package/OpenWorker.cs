using System.Security.Cryptography;

namespace SafeTensor.Runtime;

/// <summary>Reads stored segments to their places, and hashes and decrypts them there.</summary>
/// <param name="parts">In the pipeline's order.</param>
/// <param name="destinations">Of each part's first byte; <see langword="null"/> to check everything and keep nothing.</param>
/// <param name="cipher">Owned by this worker; <see langword="null"/> to hash what is stored, and leave it so.</param>
/// <param name="tags">Of the whole package.</param>
/// <param name="segmentSize">In bytes.</param>
internal sealed unsafe class OpenWorker(
    StoredPart[] parts, nint[]? destinations, SegmentCipher? cipher, ReadOnlyMemory<byte> tags, int segmentSize) : SegmentWorker
{
    private readonly ProtectedMemory? _scratch = destinations is null ? ProtectedMemory.Reserve(segmentSize) : null;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    internal override void Process(int part, uint segment, long offset, int length)
    {
        var stored = parts[part];
        var bytes = _scratch is null ? new Span<byte>((byte*)destinations![part] + offset, length) : _scratch.Span[..length];
        stored.File.Read(stored.Offset + offset, bytes);
        if (stored.ChecksRoot)
        {
            PartDigest.Leaf(_hash, bytes, stored.Leaf(segment));
        }

        if (cipher is not null && stored.Manifest.IsEncrypted)
        {
            Decrypt(cipher, stored, segment, offset, bytes);
        }
    }

    public override void Dispose()
    {
        cipher?.Dispose();
        _hash.Dispose();
        _scratch?.Dispose();
    }

    private void Decrypt(SegmentCipher cipher, StoredPart stored, uint segment, long offset, Span<byte> bytes)
    {
        var manifest = stored.Manifest;
        var place = new SegmentPlace(manifest.Number, segment, offset + bytes.Length == manifest.Length, manifest.Length);
        var tag = tags.Span.Slice((manifest.FirstTag + (int)segment) * ManifestHeader.TagLength, ManifestHeader.TagLength);
        try
        {
            cipher.Decrypt(place, bytes, tag);
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw stored.Changed(segment, e);
        }
    }
}
