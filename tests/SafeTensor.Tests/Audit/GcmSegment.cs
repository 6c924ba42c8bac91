using System.Security.Cryptography;

namespace SafeTensor.Tests.Audit;

/// <summary>What AES-GCM computes for one segment, taken apart as only who has the key can: a tag is a polynomial in H, plus a mask.</summary>
internal sealed class GcmSegment
{
    private readonly byte[] _nonce, _associatedData;
    private readonly Aes _aes = Aes.Create();

    internal GcmSegment(byte[] key, byte[] nonce, byte[] associatedData)
    {
        (_nonce, _associatedData, _aes.Key) = (nonce, associatedData, key);
        HashKey = GaloisField.Element(_aes.EncryptEcb(new byte[16], PaddingMode.None));
        Mask = GaloisField.Element(Keystream(1));
    }

    /// <summary>H.</summary>
    private UInt128 HashKey { get; }

    /// <summary>What is added to the polynomial.</summary>
    private UInt128 Mask { get; }

    internal UInt128 Tag(byte[] ciphertext)
    {
        byte[] lengths = [.. BitConverter.GetBytes(8L * _associatedData.Length).Reverse(), .. BitConverter.GetBytes(8L * ciphertext.Length).Reverse()];
        UInt128 hash = 0;
        foreach (var block in _associatedData.Chunk(16).Concat(ciphertext.Chunk(16)).Append(lengths))
        {
            hash = GaloisField.Multiply(hash ^ GaloisField.Element(block), HashKey);
        }

        return hash ^ Mask;
    }

    /// <summary>Changes a block as told and another so that the tag stays: δ₁·H^a + δ₂·H^b = 0.</summary>
    internal void ChangeKeepingTag(Span<byte> ciphertext, int block, byte[] difference, int other)
    {
        var blocks = (ciphertext.Length + 15) / 16;
        var ratio = GaloisField.Multiply(
            GaloisField.Power(HashKey, Exponent(block, blocks)), GaloisField.Inverse(GaloisField.Power(HashKey, Exponent(other, blocks))));
        Add(ciphertext, block, difference);
        Add(ciphertext, other, GaloisField.Bytes(GaloisField.Multiply(GaloisField.Element(difference), ratio)));
    }

    /// <summary>
    /// A ciphertext, of whole blocks, that two keys open: those before <paramref name="free"/> are this key's plaintext, those behind it the other's, and
    /// the free one makes both tags one: (H₁^a + H₂^a)·c = the difference of the tags without it.
    /// </summary>
    internal (byte[] Ciphertext, byte[] Tag) ForTwoKeys(GcmSegment second, byte[] plaintext, int free)
    {
        var ciphertext = plaintext.ToArray();
        var blocks = plaintext.Length / 16;
        for (var i = 0; i < blocks; i++)
        {
            // Counter 1 is the mask's.
            Add(ciphertext, i, (i < free ? this : second).Keystream((uint)i + 2));
        }

        ciphertext.AsSpan(16 * free, 16).Clear();
        var exponent = Exponent(free, blocks);
        var coefficient = GaloisField.Power(HashKey, exponent) ^ GaloisField.Power(second.HashKey, exponent);
        var block = GaloisField.Multiply(Tag(ciphertext) ^ second.Tag(ciphertext), GaloisField.Inverse(coefficient));
        GaloisField.Bytes(block).CopyTo(ciphertext, 16 * free);
        return (ciphertext, GaloisField.Bytes(Tag(ciphertext)));
    }

    /// <summary>The power of H that a block of a ciphertext of so many blocks is multiplied by: behind the last there is the block of lengths, by H itself.</summary>
    private static uint Exponent(int block, int blocks) => (uint)(blocks - block + 1);

    private byte[] Keystream(uint counter) =>
        _aes.EncryptEcb([.. _nonce, (byte)(counter >> 24), (byte)(counter >> 16), (byte)(counter >> 8), (byte)counter], PaddingMode.None);

    private static void Add(Span<byte> ciphertext, int block, byte[] difference)
    {
        for (var i = 0; i < difference.Length; i++)
        {
            ciphertext[(16 * block) + i] ^= difference[i];
        }
    }
}
