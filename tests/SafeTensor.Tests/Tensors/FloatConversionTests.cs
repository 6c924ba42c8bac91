using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Every bit pattern of the narrow floating types, against their definitions.</summary>
public sealed class FloatConversionTests
{
    private static readonly ElementType[] Narrow = [ElementType.Float16, ElementType.BFloat16, ElementType.Float8E4M3, ElementType.Float8E5M2];

    [TestCaseSource(nameof(Narrow))]
    public void Every_pattern_has_the_value_that_its_format_defines(ElementType type)
    {
        var singles = All(type).ToSingles();

        for (var bits = 0; bits < singles.Length; bits++)
        {
            var expected = Value(type, bits);
            Assert.That(double.IsNaN(expected) ? double.IsNaN(singles[bits]) : expected.Equals(singles[bits]), Is.True, $"{type} {bits:x} is {singles[bits]}, not {expected}");
        }
    }

    [TestCaseSource(nameof(Narrow))]
    public void Every_pattern_survives_the_way_there_and_back(ElementType type)
    {
        var all = All(type);
        var singles = all.ToSingles();

        var back = TensorValue.FromSingles(singles, type, singles.Length);

        for (var i = 0; i < singles.Length; i++)
        {
            if (!float.IsNaN(singles[i]))
            {
                Assert.That(Pattern(back, i), Is.EqualTo(Pattern(all, i)), $"{type} {i:x}");
            }
        }

        Assert.That(back.ToSingles().Select(float.IsNaN), Is.EqualTo(singles.Select(float.IsNaN)));
    }

    [TestCaseSource(nameof(Narrow))]
    public void Between_two_neighbours_it_rounds_to_the_nearer_and_ties_to_the_even_one(ElementType type)
    {
        var values = Enumerable.Range(0, All(type).ToSingles().Length / 2).Select(bits => Value(type, bits)).TakeWhile(double.IsFinite).ToArray();
        for (var bits = 0; bits + 1 < values.Length; bits++)
        {
            var (below, above) = (values[bits], values[bits + 1]);
            var middle = (float)((below + above) / 2);
            foreach (var sign in new[] { 1, -1 })
            {
                var negative = sign < 0 ? SignBit(type) : 0;
                Assert.That(Rounded(sign * middle, type), Is.EqualTo(negative | (bits % 2 == 0 ? bits : bits + 1)), $"{type}: tie after {bits:x}");
                Assert.That(Rounded(sign * MathF.BitDecrement(middle), type), Is.EqualTo(negative | bits), $"{type}: below the tie after {bits:x}");
                Assert.That(Rounded(sign * MathF.BitIncrement(middle), type), Is.EqualTo(negative | (bits + 1)), $"{type}: above the tie after {bits:x}");
            }
        }
    }

    [TestCase(ElementType.Float16, 65504f, 65519.99f, 65520f, 0x7C00)]
    [TestCase(ElementType.Float8E5M2, 57344f, 61439.99f, 61440f, 0x7C)]
    [TestCase(ElementType.Float8E4M3, 448f, 464f, 464.0001f, 0x7F)]
    public void What_is_too_large_becomes_infinity_or_where_there_is_none_no_number(ElementType type, float largest, float stillRounded, float tooLarge, int pattern)
    {
        Assert.That(TensorValue.FromSingles([stillRounded], type, 1).ToSingles(), Is.EqualTo(new[] { largest }));
        foreach (var value in new[] { tooLarge, float.MaxValue, float.PositiveInfinity })
        {
            Assert.That(Rounded(value, type), Is.EqualTo(pattern), $"{value}");
            Assert.That(Rounded(-value, type), Is.EqualTo(pattern | SignBit(type)), $"-{value}");
        }
    }

    [TestCaseSource(nameof(Narrow))]
    public void No_number_stays_no_number(ElementType type) =>
        Assert.That(TensorValue.FromSingles([float.NaN, -float.NaN, BitConverter.UInt32BitsToSingle(0x7F800001)], type, 3).ToSingles(), Is.All.NaN);

    [TestCaseSource(nameof(Narrow))]
    public void Zeros_keep_their_sign(ElementType type) =>
        Assert.That((Rounded(0f, type), Rounded(-0f, type), Rounded(float.Epsilon, type), Rounded(-float.Epsilon, type)),
            Is.EqualTo((0, SignBit(type), 0, SignBit(type))));

    [Test]
    public void Single_and_double_precision_are_exact()
    {
        float[] values = [0, -0f, 1, float.MinValue, float.Epsilon, float.NaN, float.PositiveInfinity];

        Assert.That(TensorValue.FromSingles(values, ElementType.Float32, 7).ToSingles(), Is.EqualTo(values));
        Assert.That(TensorValue.FromSingles(values, ElementType.Float64, 7).ToSingles(), Is.EqualTo(values));
        Assert.That(TensorValue.FromSingles(values, ElementType.Float64, 7).ToArray<double>(), Is.EqualTo(values.Select(value => (double)value)));
    }

    [TestCase(ElementType.Int32)]
    [TestCase(ElementType.Bool)]
    [TestCase((ElementType)99)]
    public void Other_types_are_refused(ElementType type)
    {
        Assert.That(() => TensorValue.FromSingles([1f], type, 1), Throws.ArgumentException);
        Assert.That(() => TensorValue.Create(new int[1], 1).ToSingles(), Throws.InvalidOperationException.With.Message.Contains("int32"));
        Assert.That(() => default(TensorValue).ToSingles(), Throws.InvalidOperationException);
    }

    /// <summary>The definition: sign, exponent and fraction as IEEE 754 and OCP's specification lay them out.</summary>
    private static double Value(ElementType type, int bits)
    {
        var (exponentBits, fractionBits) = Layout(type);
        var bias = (1 << (exponentBits - 1)) - 1;
        var sign = (bits & SignBit(type)) != 0 ? -1.0 : 1.0;
        var exponent = (bits >> fractionBits) & ((1 << exponentBits) - 1);
        var fraction = bits & ((1 << fractionBits) - 1);
        if (type == ElementType.Float8E4M3 ? (bits & 0x7F) == 0x7F : exponent == (1 << exponentBits) - 1)
        {
            return fraction == 0 ? sign * double.PositiveInfinity : double.NaN;
        }

        return exponent == 0
            ? sign * fraction * Math.Pow(2, 1 - bias - fractionBits)
            : sign * ((1 << fractionBits) + fraction) * Math.Pow(2, exponent - bias - fractionBits);
    }

    private static (int Exponent, int Fraction) Layout(ElementType type) => type switch
    {
        ElementType.Float16 => (5, 10),
        ElementType.BFloat16 => (8, 7),
        ElementType.Float8E4M3 => (4, 3),
        _ => (5, 2),
    };

    private static int SignBit(ElementType type) => 1 << (Layout(type).Exponent + Layout(type).Fraction);

    private static TensorValue All(ElementType type)
    {
        var count = 2 * SignBit(type);
        var bytes = count == 256
            ? Enumerable.Range(0, count).Select(bits => (byte)bits).ToArray()
            : Enumerable.Range(0, count).SelectMany(bits => BitConverter.GetBytes((ushort)bits)).ToArray();
        return TensorValue.Create(type, bytes, count);
    }

    private static int Rounded(float value, ElementType type) => Pattern(TensorValue.FromSingles([value], type, 1), 0);

    private static int Pattern(TensorValue value, int index) =>
        value.ElementType is ElementType.Float16 or ElementType.BFloat16 ? BitConverter.ToUInt16(value.Bytes[(2 * index)..]) : value.Bytes[index];
}
