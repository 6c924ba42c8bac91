using System.Security.Cryptography;

namespace SafeTensor.Runtime;

/// <summary>Reads stored segments to their places, and hashes and decrypts them there. Whoever does a part's last segment checks its root.</summary>
internal sealed unsafe class OpenWorker : SegmentWorker
{
    private readonly StoredPart[] _parts;
    private readonly nint[]? _destinations;
    private readonly SegmentCipher? _cipher;
    private readonly ReadOnlyMemory<byte> _tags;
    private readonly ProtectedMemory? _scratch;
    private readonly IncrementalHash _hash;

    /// <param name="parts">In the pipeline's order.</param>
    /// <param name="destinations">Of each part's first byte; <see langword="null"/> to check everything and keep nothing.</param>
    /// <param name="createCipher">Called once; <see langword="null"/> to hash what is stored, and leave it so.</param>
    /// <param name="tags">Of the whole package.</param>
    /// <param name="segmentSize">In bytes.</param>
    internal OpenWorker(StoredPart[] parts, nint[]? destinations, Func<SegmentCipher>? createCipher, ReadOnlyMemory<byte> tags, int segmentSize)
    {
        _parts = parts;
        _destinations = destinations;
        _tags = tags;
        _scratch = destinations is null ? ProtectedMemory.Reserve(segmentSize) : null;
        _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        // Last, so that nothing that fails leaves its key to a finalizer.
        _cipher = createCipher?.Invoke();
    }

    internal override bool TryRead(in PipelineSegment segment)
    {
        var part = _parts[segment.Part];
        return part.File.TryRead(part.Offset + segment.Offset, Bytes(segment));
    }

    internal override void Read(in PipelineSegment segment)
    {
        var part = _parts[segment.Part];
        try
        {
            part.File.Read(part.Offset + segment.Offset, Bytes(segment));
        }
        catch (SafeModelException e) when (part.Manifest.Tensor is null)
        {
            // Cut off since it was opened.
            throw part.Changed(segment.Number, e);
        }
    }

    internal override void Process(in PipelineSegment segment)
    {
        var part = _parts[segment.Part];
        var bytes = Bytes(segment);
        if (part.ChecksRoot)
        {
            PartDigest.Leaf(_hash, bytes, part.Leaf(segment.Number));
        }

        if (_cipher is not null && part.Manifest.IsEncrypted)
        {
            Decrypt(_cipher, part.Manifest, segment, bytes);
        }

        if (part.ChecksRoot && part.IsLastLeaf())
        {
            part.VerifyRoot(_hash);
        }
    }

    public override void Dispose()
    {
        _cipher?.Dispose();
        _hash.Dispose();
        _scratch?.Dispose();
    }

    private Span<byte> Bytes(in PipelineSegment segment) => _scratch is null
        ? new Span<byte>((byte*)_destinations![segment.Part] + segment.Offset, segment.Length)
        : _scratch.Span[..segment.Length];

    private void Decrypt(SegmentCipher cipher, ManifestPart part, in PipelineSegment segment, Span<byte> bytes)
    {
        var place = new SegmentPlace(part.Number, segment.Number, segment.Offset + segment.Length == part.Length, part.Length);
        var tag = _tags.Span.Slice((part.FirstTag + (int)segment.Number) * ManifestHeader.TagLength, ManifestHeader.TagLength);
        try
        {
            cipher.Decrypt(place, bytes, tag);
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw _parts[segment.Part].Changed(segment.Number, e);
        }
    }
}
