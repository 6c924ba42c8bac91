using System.Buffers.Binary;
using System.Numerics.Tensors;

namespace SafeTensor.Runtime;

/// <summary>Between single precision and the other floating types. To narrower ones it rounds to nearest, ties to even.</summary>
/// <remarks>Source: IEEE 754-2019 for binary16 and binary64; OCP 8-bit Floating Point Specification 1.0 for E4M3 (no infinity: what is too large becomes NaN) and E5M2.</remarks>
internal static class FloatConversion
{
    internal static Array FromSingles(ReadOnlySpan<float> values, ElementType type)
    {
        switch (type)
        {
            case ElementType.Float32:
                return values.ToArray();
            case ElementType.Float64:
                var doubles = new double[values.Length];
                TensorPrimitives.ConvertChecked(values, doubles);
                return doubles;
            case ElementType.Float16:
                var halves = new Half[values.Length];
                TensorPrimitives.ConvertToHalf(values, halves);
                return halves;
            case ElementType.BFloat16:
                return Array.ConvertAll(values.ToArray(), ToBFloat16);
            case ElementType.Float8E4M3:
                return Array.ConvertAll(values.ToArray(), ToE4M3);
            case ElementType.Float8E5M2:
                return Array.ConvertAll(values.ToArray(), ToE5M2);
            default:
                throw new ArgumentException($"{type} is no floating type.", nameof(type));
        }
    }

    internal static float[] ToSingles(ElementType type, ReadOnlySpan<byte> bytes)
    {
        var singles = new float[type == 0 ? 0 : bytes.Length / type.ByteLength()];
        for (var i = 0; i < singles.Length; i++)
        {
            singles[i] = type switch
            {
                ElementType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]),
                ElementType.Float64 => (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]),
                ElementType.Float16 => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[(2 * i)..]),
                ElementType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]) << 16),
                ElementType.Float8E5M2 => (float)BitConverter.UInt16BitsToHalf((ushort)(bytes[i] << 8)),
                ElementType.Float8E4M3 => FromE4M3(bytes[i]),
                _ => throw NotFloating(type),
            };
        }

        return type is >= ElementType.Float16 and <= ElementType.Float8E5M2 ? singles : throw NotFloating(type);
    }

    private static InvalidOperationException NotFloating(ElementType type) =>
        new($"The elements are {(type == 0 ? "none" : type.Spell())}, which is no floating type.");

    private static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value)
            ? (ushort)((bits >> 16) | 0x40)
            : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    // A single has more than twice E5M2's precision and two bits, so rounding once from it is all there is to do.
    private static byte ToE5M2(float value) => Narrow(value, fractionBits: 2, bias: 15, largest: 57344f, tooLarge: 0x7C, notANumber: 0x7E);

    private static byte ToE4M3(float value) => Narrow(value, fractionBits: 3, bias: 7, largest: 448f, tooLarge: 0x7F, notANumber: 0x7F);

    private static byte Narrow(float value, int fractionBits, int bias, float largest, byte tooLarge, byte notANumber)
    {
        var sign = (byte)(float.IsNegative(value) ? 0x80 : 0);
        if (float.IsNaN(value))
        {
            return (byte)(sign | notANumber);
        }

        // In units of the last place of its own binade, and not below that of the smallest normal number.
        var magnitude = Math.Abs((double)value);
        var exponent = magnitude == 0 ? 1 - bias : Math.Max(Math.ILogB(magnitude), 1 - bias);
        var units = Math.Round(Math.ScaleB(magnitude, fractionBits - exponent), MidpointRounding.ToEven);
        if (Math.ScaleB(units, exponent - fractionBits) > largest)
        {
            return (byte)(sign | tooLarge);
        }

        // A subnormal has fewer units than a normal number's hidden bit; a carry into the next binade comes out right by itself.
        return (byte)(sign | (((exponent + bias - 1) << fractionBits) + (int)units));
    }

    private static float FromE4M3(byte bits)
    {
        var magnitude = bits & 0x7F;
        var value = magnitude == 0x7F ? float.NaN
            : magnitude < 8 ? MathF.ScaleB(magnitude, -9)
            : MathF.ScaleB(8 + (magnitude & 7), (magnitude >> 3) - 10);
        return (bits & 0x80) != 0 ? -value : value;
    }
}
