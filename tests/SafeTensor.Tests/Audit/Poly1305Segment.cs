using System.Buffers.Binary;
using System.Numerics;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;

namespace SafeTensor.Tests.Audit;

/// <summary>What ChaCha20-Poly1305 computes for one segment, taken apart as only who has the key can: a tag is a polynomial in r modulo 2^130 − 5, plus s.</summary>
internal sealed class Poly1305Segment
{
    private static readonly BigInteger Prime = BigInteger.Pow(2, 130) - 5, BlockBit = BigInteger.Pow(2, 128);

    private readonly byte[] _associatedData;
    private readonly BigInteger _r, _s;

    internal Poly1305Segment(byte[] key, byte[] nonce, byte[] associatedData)
    {
        // The one-time key of Poly1305 is the first half of ChaCha20's block 0.
        var engine = new ChaCha7539Engine();
        engine.Init(true, new ParametersWithIV(new KeyParameter(key), nonce));
        var once = new byte[32];
        engine.ProcessBytes(new byte[32], 0, 32, once, 0);
        _associatedData = associatedData;
        _r = Number(once.AsSpan(0, 16)) & BigInteger.Parse("0ffffffc0ffffffc0ffffffc0fffffff", System.Globalization.NumberStyles.HexNumber, null);
        _s = Number(once.AsSpan(16));
    }

    internal byte[] Tag(byte[] ciphertext)
    {
        var lengths = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(lengths, _associatedData.Length);
        BinaryPrimitives.WriteInt64LittleEndian(lengths.AsSpan(8), ciphertext.Length);
        var sum = BigInteger.Zero;
        foreach (var block in _associatedData.Chunk(16).Concat(ciphertext.Chunk(16)).Append(lengths))
        {
            sum = (sum + Number(block) + BlockBit) * _r % Prime;
        }

        return Bytes((sum + _s) % BlockBit);
    }

    /// <summary>
    /// Changes a block by adding to it, and another so that the tag stays: d₁·r^a + d₂·r^b = 0. The other must still be a block, below 2^128,
    /// which one of four is: else another d₁ may do.
    /// </summary>
    /// <returns>Whether it could be done with this addend.</returns>
    internal bool TryChangeKeepingTag(Span<byte> ciphertext, int block, BigInteger addend, int other)
    {
        var (first, second) = (Number(ciphertext.Slice(16 * block, 16)) + addend, Number(ciphertext.Slice(16 * other, 16)) + BlockBit);
        var ratio = BigInteger.ModPow(_r, Prime - 1 + other - block, Prime);
        second = (((second - (addend * ratio)) % Prime) + Prime) % Prime - BlockBit;
        if (first < 0 || first >= BlockBit || second < 0 || second >= BlockBit)
        {
            return false;
        }

        Bytes(first).CopyTo(ciphertext[(16 * block)..]);
        Bytes(second).CopyTo(ciphertext[(16 * other)..]);
        return true;
    }

    private static BigInteger Number(ReadOnlySpan<byte> block) => new(block, isUnsigned: true);

    private static byte[] Bytes(BigInteger number)
    {
        var block = new byte[16];
        number.TryWriteBytes(block, out _, isUnsigned: true);
        return block;
    }
}
