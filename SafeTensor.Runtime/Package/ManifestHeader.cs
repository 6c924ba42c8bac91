using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace SafeTensor.Runtime;

/// <summary>The 176 bytes that begin a manifest. Layout: <c>docs/format.md</c>.</summary>
internal sealed class ManifestHeader
{
    internal const int Length = 176, SaltLength = 32, FileIdLength = 16, HashLength = 32, TagLength = 16;
    internal const int MinSegmentSize = 64 << 10, MaxSegmentSize = 4 << 20;
    internal const long MaxManifestLength = 64 << 20;
    internal const ushort Version = 1;

    private const int SaltAt = 32, FileIdAt = 64, CommitmentAt = 80, DigestAt = 112, MacAt = 144;

    private readonly byte[] _bytes;

    private ManifestHeader(byte[] bytes) => _bytes = bytes;

    internal static ReadOnlySpan<byte> Magic => "SAFETNSR"u8;

    internal ReadOnlySpan<byte> Bytes => _bytes;

    internal CipherSuite Suite => (CipherSuite)BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(10));

    /// <summary>In bytes.</summary>
    internal int SegmentSize => BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(12));

    internal int BodyLength => (int)BinaryPrimitives.ReadInt64LittleEndian(_bytes.AsSpan(16));

    internal int TagCount => (int)BinaryPrimitives.ReadInt64LittleEndian(_bytes.AsSpan(24));

    internal ReadOnlySpan<byte> Salt => _bytes.AsSpan(SaltAt, SaltLength);

    internal ReadOnlyMemory<byte> FileId => _bytes.AsMemory(FileIdAt, FileIdLength);

    /// <summary>Everything after the header, in bytes.</summary>
    internal int RestLength => BodyLength + (TagLength * TagCount);

    /// <summary>Checks magic, version, suite and sizes (step 2 of a load). What it says is unauthenticated until <see cref="Authenticate"/>.</summary>
    /// <param name="bytes">176 bytes; copied.</param>
    /// <param name="manifestLength">Of the manifest tensor, at most <see cref="MaxManifestLength"/>.</param>
    /// <param name="file">The file's name, for messages.</param>
    internal static ManifestHeader Parse(ReadOnlySpan<byte> bytes, long manifestLength, string file)
    {
        if (!bytes[..8].SequenceEqual(Magic))
        {
            throw new SafeModelException(
                SafeModelError.NotEncrypted, file, "has a tensor '__safetensor__' that is no SafeTensor manifest. Seal the model again.");
        }

        var header = new ManifestHeader(bytes.ToArray());
        var version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        var segmentSize = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        var body = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        var tags = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]);
        if (version != Version)
        {
            throw Unsupported(file, $"is of format version {version}; this library reads version {Version}. Update SafeTensor.");
        }

        if (header.Suite is not (CipherSuite.Aes256Gcm or CipherSuite.ChaCha20Poly1305))
        {
            throw Unsupported(file, $"uses cipher suite {(ushort)header.Suite}; this library knows 1 and 2. Update SafeTensor.");
        }

        if (!IsSegmentSize(segmentSize))
        {
            throw Unsupported(file, $"has segments of {segmentSize} bytes; a size is a power of two from 64 KiB to 4 MiB.");
        }

        // Both below 64 MiB first, so that the sum cannot overflow.
        if (body > (ulong)manifestLength || tags > (ulong)manifestLength / TagLength || Length + body + (TagLength * tags) != (ulong)manifestLength)
        {
            throw Unsupported(file, $"has a manifest of {manifestLength} bytes, but a body of {body} and {tags} tags.");
        }

        return header;
    }

    /// <summary>Makes the header of a new package.</summary>
    internal static ManifestHeader Create(
        CipherSuite suite, int segmentSize, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> fileId, ReadOnlySpan<byte> body, ReadOnlySpan<byte> tags, KeySchedule keys)
    {
        var header = new ManifestHeader(GC.AllocateUninitializedArray<byte>(Length));
        var bytes = header._bytes.AsSpan();
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[10..], (ushort)suite);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], segmentSize);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], body.Length);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], tags.Length / TagLength);
        salt.CopyTo(bytes[SaltAt..]);
        fileId.CopyTo(bytes[FileIdAt..]);
        keys.Commitment.CopyTo(bytes[CommitmentAt..]);
        using (var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
        {
            hash.AppendData(body);
            hash.AppendData(tags);
            hash.GetHashAndReset(bytes[DigestAt..MacAt]);
        }

        HMACSHA256.HashData(keys.HeaderKey, bytes[..MacAt], bytes[MacAt..]);
        return header;
    }

    internal static bool IsSegmentSize(long size) => size is >= MinSegmentSize and <= MaxSegmentSize && BitOperations.IsPow2(size);

    /// <summary>Checks the key and then, with it, the header (step 4 of a load).</summary>
    internal void Authenticate(KeySchedule keys, string file)
    {
        if (!CryptographicOperations.FixedTimeEquals(keys.Commitment, _bytes.AsSpan(CommitmentAt, HashLength)))
        {
            throw new SafeModelException(
                SafeModelError.WrongKey, file, "is not opened by this key, or its header is damaged. Check that the key belongs to this package.");
        }

        Span<byte> mac = stackalloc byte[HashLength];
        HMACSHA256.HashData(keys.HeaderKey, _bytes.AsSpan(0, MacAt), mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, _bytes.AsSpan(MacAt)))
        {
            throw new SafeModelException(SafeModelError.Tampered, file, "has a header that was changed after sealing. Get the package again.");
        }
    }

    /// <summary>Checks what follows the header, body and tags.</summary>
    internal void AuthenticateRest(ReadOnlySpan<byte> rest, string file)
    {
        Span<byte> digest = stackalloc byte[HashLength];
        SHA256.HashData(rest, digest);
        RequireDigest(digest, file);
    }

    /// <summary>As <see cref="AuthenticateRest"/>, with the SHA-256 of body and tags.</summary>
    internal void RequireDigest(ReadOnlySpan<byte> digest, string file)
    {
        if (!digest.SequenceEqual(_bytes.AsSpan(DigestAt, HashLength)))
        {
            throw new SafeModelException(SafeModelError.Tampered, file, "has a manifest that was changed after sealing. Get the package again.");
        }
    }

    private static SafeModelException Unsupported(string file, string message) => new(SafeModelError.UnsupportedFormat, file, message);
}
