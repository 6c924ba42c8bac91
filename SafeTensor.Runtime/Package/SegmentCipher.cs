using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SafeTensor.Runtime;

/// <summary>Encrypts and decrypts segments of one package, in place or not. One thread at a time; it holds the key, so it lives briefly.</summary>
/// <remarks>
/// The nonce is the segment's place, so that no pair of key and nonce comes twice: the data key is of one sealing only, and part,
/// segment and last-flag name each segment of it once.
/// </remarks>
internal sealed class SegmentCipher : IDisposable
{
    private const int NonceLength = 12;

    private readonly byte[] _fileId;
    private readonly AesGcm? _aes;
    private readonly ChaCha20Poly1305? _chacha;

    internal SegmentCipher(CipherSuite suite, ReadOnlySpan<byte> dataKey, ReadOnlySpan<byte> fileId)
    {
        _fileId = fileId.ToArray();
        if (suite == CipherSuite.Aes256Gcm)
        {
            _aes = new AesGcm(dataKey, ManifestHeader.TagLength);
        }
        else
        {
            _chacha = new ChaCha20Poly1305(dataKey);
        }
    }

    /// <param name="place">Of the segment.</param>
    /// <param name="plaintext">At most a segment.</param>
    /// <param name="ciphertext">As long; may be the same memory.</param>
    /// <param name="tag">16 bytes.</param>
    internal void Encrypt(SegmentPlace place, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> tag)
    {
        Span<byte> nonce = stackalloc byte[NonceLength];
        Span<byte> context = stackalloc byte[ManifestHeader.FileIdLength + 8];
        Describe(place, nonce, context);
        _aes?.Encrypt(nonce, plaintext, ciphertext, tag, context);
        _chacha?.Encrypt(nonce, plaintext, ciphertext, tag, context);
    }

    /// <summary>Decrypts in place.</summary>
    /// <exception cref="AuthenticationTagMismatchException">The segment is not as sealed; <paramref name="segment"/> is zeros.</exception>
    internal void Decrypt(SegmentPlace place, Span<byte> segment, ReadOnlySpan<byte> tag)
    {
        Span<byte> nonce = stackalloc byte[NonceLength];
        Span<byte> context = stackalloc byte[ManifestHeader.FileIdLength + 8];
        Describe(place, nonce, context);
        _aes?.Decrypt(nonce, segment, tag, segment, context);
        _chacha?.Decrypt(nonce, segment, tag, segment, context);
    }

    public void Dispose()
    {
        _aes?.Dispose();
        _chacha?.Dispose();
    }

    private void Describe(SegmentPlace place, Span<byte> nonce, Span<byte> context)
    {
        nonce[..3].Clear();
        BinaryPrimitives.WriteUInt32BigEndian(nonce[3..], place.Part);
        BinaryPrimitives.WriteUInt32BigEndian(nonce[7..], place.Segment);
        nonce[11] = place.IsLast ? (byte)1 : (byte)0;
        _fileId.CopyTo(context);
        BinaryPrimitives.WriteInt64BigEndian(context[ManifestHeader.FileIdLength..], place.PartLength);
    }
}
