using System.Security.Cryptography;

namespace SafeTensor.Runtime.Sealing;

/// <summary>Reads plain segments, encrypts and hashes them in a buffer of its own, and writes them to the package.</summary>
internal sealed class SealWorker : SegmentWorker
{
    private readonly SourcePart[] _parts;
    private readonly (PackageOutput File, long Offset)[] _targets;
    private readonly ProtectedMemory _buffer;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly SegmentCipher _cipher;

    /// <param name="parts">In the pipeline's order.</param>
    /// <param name="targets">Of each part: the file and where in it the part begins.</param>
    /// <param name="createCipher">Called once.</param>
    /// <param name="segmentSize">In bytes.</param>
    internal SealWorker(SourcePart[] parts, (PackageOutput File, long Offset)[] targets, Func<SegmentCipher> createCipher, int segmentSize)
    {
        _parts = parts;
        _targets = targets;
        _buffer = ProtectedMemory.Reserve(segmentSize);

        // Last, so that nothing that fails leaves its key to a finalizer.
        _cipher = createCipher();
    }

    internal override bool TryRead(in PipelineSegment segment)
    {
        var part = _parts[segment.Part];
        return part.File.TryRead(part.Offset + segment.Offset, Bytes(segment));
    }

    internal override void Read(in PipelineSegment segment)
    {
        var part = _parts[segment.Part];
        part.File.Read(part.Offset + segment.Offset, Bytes(segment));
    }

    internal override void Process(in PipelineSegment segment)
    {
        var part = _parts[segment.Part];
        var manifest = part.Manifest;
        var bytes = Bytes(segment);
        if (manifest.IsEncrypted)
        {
            var isLast = segment.Offset + segment.Length == manifest.Length;
            _cipher.Encrypt(new SegmentPlace(manifest.Number, segment.Number, isLast, manifest.Length), bytes, bytes, part.Tag(segment.Number));
        }

        PartDigest.Leaf(_hash, bytes, part.Leaf(segment.Number));
        var (file, offset) = _targets[segment.Part];
        file.Write(bytes, offset + segment.Offset);
    }

    public override void Dispose()
    {
        _cipher.Dispose();
        _hash.Dispose();
        _buffer.Dispose();
    }

    private Span<byte> Bytes(in PipelineSegment segment) => _buffer.Span[..segment.Length];
}
