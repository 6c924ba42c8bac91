using System.Security.Cryptography;

namespace SafeTensor.Runtime.Sealing;

/// <summary>Reads plain segments, encrypts and hashes them in a buffer of its own, and writes them to the package.</summary>
/// <param name="parts">In the pipeline's order.</param>
/// <param name="targets">Of each part: the file and where in it the part begins.</param>
/// <param name="cipher">Owned by this worker.</param>
/// <param name="segmentSize">In bytes.</param>
internal sealed class SealWorker(
    SourcePart[] parts, (PackageOutput File, long Offset)[] targets, SegmentCipher cipher, int segmentSize) : SegmentWorker
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ProtectedMemory _buffer = ProtectedMemory.Reserve(segmentSize);

    internal override void Process(int part, uint segment, long offset, int length)
    {
        var source = parts[part];
        var manifest = source.Manifest;
        var bytes = _buffer.Span[..length];
        source.File.Read(source.Offset + offset, bytes);
        if (manifest.IsEncrypted)
        {
            cipher.Encrypt(new SegmentPlace(manifest.Number, segment, offset + length == manifest.Length, manifest.Length), bytes, bytes, source.Tag(segment));
        }

        PartDigest.Leaf(_hash, bytes, source.Leaf(segment));
        targets[part].File.Write(bytes, targets[part].Offset + offset);
    }

    public override void Dispose()
    {
        cipher.Dispose();
        _hash.Dispose();
        _buffer.Dispose();
    }
}
