using System.Buffers.Binary;

namespace SafeTensor.Tests.Audit;

/// <summary>
/// GF(2^128) as GCM writes it (NIST SP 800-38D, section 6.3): the first bit of a block is the coefficient of x^0, and x^128 = x^7 + x^2 + x + 1. Addition is
/// exclusive or.
/// </summary>
internal static class GaloisField
{
    private static readonly UInt128 One = UInt128.One << 127, Reduction = (UInt128)0xE1 << 120;

    internal static UInt128 Element(ReadOnlySpan<byte> block)
    {
        // A block that is shorter is filled with zeros.
        Span<byte> whole = stackalloc byte[16];
        whole.Clear();
        block.CopyTo(whole);
        return BinaryPrimitives.ReadUInt128BigEndian(whole);
    }

    internal static byte[] Bytes(UInt128 element)
    {
        var block = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(block, element);
        return block;
    }

    internal static UInt128 Multiply(UInt128 x, UInt128 y)
    {
        UInt128 product = 0;
        for (; x != 0; x <<= 1)
        {
            product ^= (x & One) == 0 ? 0 : y;
            y = (y >> 1) ^ ((y & 1) == 0 ? 0 : Reduction);
        }

        return product;
    }

    internal static UInt128 Power(UInt128 x, UInt128 exponent)
    {
        var power = One;
        for (; exponent != 0; exponent >>= 1, x = Multiply(x, x))
        {
            power = (exponent & 1) == 0 ? power : Multiply(power, x);
        }

        return power;
    }

    /// <summary>The group of the elements that are not zero has 2^128 − 1 of them.</summary>
    internal static UInt128 Inverse(UInt128 x) => Power(x, UInt128.MaxValue - 1);
}
