using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SafeTensor.Runtime;

/// <summary>The keys of one package, derived from its model key with HKDF-SHA256 (RFC 5869), in one page of key memory.</summary>
internal sealed class KeySchedule : IDisposable
{
    private const int KeyLength = ModelKey.Length;

    private const int CommitmentAt = KeyLength, HeaderAt = 2 * KeyLength, DataAt = 3 * KeyLength;

    private readonly ProtectedMemory _page = ProtectedMemory.Reserve(4 * KeyLength, MemoryKind.SecretIfAvailable);

    /// <param name="modelKey">32 bytes; not kept.</param>
    /// <param name="salt">The package's, 32 bytes.</param>
    /// <param name="suite">The package's; keys of different suites are unrelated.</param>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.KeyUnavailable"/>: it is zeros.</exception>
    internal KeySchedule(ReadOnlySpan<byte> modelKey, ReadOnlySpan<byte> salt, CipherSuite suite)
    {
        // A source that wrote nothing, or a file that a crash left empty of data: whoever guessed it would have the model.
        if (!modelKey.ContainsAnyExcept((byte)0))
        {
            _page.Dispose();
            throw new SafeModelException(SafeModelError.KeyUnavailable, "32 zero bytes are no key. See to it that whatever should give the key does.");
        }

        var prk = _page.Span[..KeyLength];
        HKDF.Extract(HashAlgorithmName.SHA256, modelKey, salt, prk);
        Expand(prk, "safetensor/1 commit"u8, suite, Slot(CommitmentAt));
        Expand(prk, "safetensor/1 header"u8, suite, Slot(HeaderAt));
        Expand(prk, "safetensor/1 data"u8, suite, Slot(DataAt));
        CryptographicOperations.ZeroMemory(prk);
    }

    /// <summary>What the header shows to tell keys apart.</summary>
    internal ReadOnlySpan<byte> Commitment => Slot(CommitmentAt);

    internal ReadOnlySpan<byte> HeaderKey => Slot(HeaderAt);

    internal ReadOnlySpan<byte> DataKey => Slot(DataAt);

    public void Dispose() => _page.Dispose();

    private Span<byte> Slot(int offset) => _page.Span.Slice(offset, KeyLength);

    private static void Expand(ReadOnlySpan<byte> prk, ReadOnlySpan<byte> label, CipherSuite suite, Span<byte> key)
    {
        Span<byte> info = stackalloc byte[label.Length + 3];
        label.CopyTo(info);
        info[label.Length] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(info[(label.Length + 1)..], (ushort)suite);
        HKDF.Expand(HashAlgorithmName.SHA256, prk, key, info);
    }
}
