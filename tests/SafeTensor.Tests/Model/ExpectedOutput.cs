using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>What an output should be, within <c>atol + rtol·|expected|</c> for floating types and exactly for others.</summary>
internal sealed record ExpectedOutput(int Index, ElementType Type, long[] Shape, byte[] Bytes, double Relative, double Absolute)
{
    internal void AssertEqual(TensorValue actual, string context)
    {
        Assert.That(actual.ElementType, Is.EqualTo(Type), context);
        Assert.That(actual.Shape, Is.EqualTo(Shape), context);
        AssertEqual(actual.Bytes, context);
    }

    internal void AssertEqual(ReadOnlySpan<byte> actual, string context)
    {
        var expected = TensorValue.Create(Type, Bytes, Shape);
        if (Type is not (ElementType.Float16 or ElementType.Float32 or ElementType.Float64))
        {
            Assert.That(actual.ToArray(), Is.EqualTo(Bytes), $"{context}: output {Index}");
            return;
        }

        var (wanted, got) = (Doubles(expected), Doubles(TensorValue.Create(Type, actual.ToArray(), Shape)));
        for (var i = 0; i < wanted.Length; i++)
        {
            if (!(Math.Abs(got[i] - wanted[i]) <= Absolute + (Relative * Math.Abs(wanted[i]))) && !got[i].Equals(wanted[i]))
            {
                Assert.Fail($"{context}: output {Index}[{i}] is {got[i]:R}; {wanted[i]:R} was expected.");
            }
        }
    }

    private static double[] Doubles(TensorValue value) => value.ElementType == ElementType.Float64
        ? value.ToArray<double>()
        : Array.ConvertAll(value.ToSingles(), single => (double)single);
}
