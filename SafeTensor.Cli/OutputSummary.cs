using System.Globalization;
using System.Numerics;
using SafeTensor.Runtime;

namespace SafeTensor.Cli;

/// <summary>An output in two cells of a table.</summary>
/// <param name="FirstValues">Those at its beginning.</param>
/// <param name="Largest">The largest with its place in the flat tensor, NaN aside.</param>
internal sealed record OutputSummary(string FirstValues, string Largest)
{
    private const int Shown = 6;

    internal static OutputSummary Of(TensorValue value) => value.ElementType switch
    {
        ElementType.Float64 => Of(value.AsSpan<double>()),
        ElementType.Int8 => Of(value.AsSpan<sbyte>()),
        ElementType.Int16 => Of(value.AsSpan<short>()),
        ElementType.Int32 => Of(value.AsSpan<int>()),
        ElementType.Int64 => Of(value.AsSpan<long>()),
        ElementType.UInt8 => Of(value.AsSpan<byte>()),
        ElementType.UInt16 => Of(value.AsSpan<ushort>()),
        ElementType.UInt32 => Of(value.AsSpan<uint>()),
        ElementType.UInt64 => Of(value.AsSpan<ulong>()),
        ElementType.Bool => Of(value.Bytes),
        _ => Of(value.ToSingles().AsSpan()),
    };

    private static OutputSummary Of<T>(ReadOnlySpan<T> elements)
        where T : struct, INumber<T>
    {
        var first = string.Join("  ", elements[..Math.Min(Shown, elements.Length)].ToArray().Select(Format));
        var largest = -1;
        for (var i = 0; i < elements.Length; i++)
        {
            if (!T.IsNaN(elements[i]) && (largest < 0 || elements[i] > elements[largest]))
            {
                largest = i;
            }
        }

        return new OutputSummary(elements.Length > Shown ? $"{first}  …" : first, largest < 0 ? "" : $"{Format(elements[largest])} at {largest}");
    }

    private static string Format<T>(T element)
        where T : INumber<T> =>
        element.ToString(T.IsInteger(element) ? null : "G5", CultureInfo.InvariantCulture);
}
