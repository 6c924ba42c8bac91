using System.Globalization;
using System.Text.RegularExpressions;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Inputs;

/// <summary>The dictionary at the head of a <c>.npy</c> file.</summary>
/// <remarks>Source: numpy.lib.format, versions 1.0 to 3.0.</remarks>
/// <param name="ElementType">Of all elements.</param>
/// <param name="Shape">In elements, outermost first.</param>
internal sealed partial record NpyHeader(ElementType ElementType, long[] Shape)
{
    private const int MaxRank = 32;

    /// <summary>NumPy has no BFloat16 and no Float8; its users keep their bits in void types, as ml_dtypes does.</summary>
    private static readonly (ElementType Type, string Code)[] Codes =
    [
        (ElementType.Float16, "f2"), (ElementType.Float32, "f4"), (ElementType.Float64, "f8"), (ElementType.BFloat16, "V2"),
        (ElementType.Float8E4M3, "V1"), (ElementType.Int8, "i1"), (ElementType.Int16, "i2"), (ElementType.Int32, "i4"), (ElementType.Int64, "i8"),
        (ElementType.UInt8, "u1"), (ElementType.UInt16, "u2"), (ElementType.UInt32, "u4"), (ElementType.UInt64, "u8"), (ElementType.Bool, "b1"),
        (ElementType.Float8E5M2, "V1"),
    ];

    /// <summary>Of all elements, in bytes.</summary>
    internal long ByteLength => Shape.Aggregate((long)ElementType.ByteLength(), (product, dimension) => product * dimension);

    /// <param name="text">The dictionary as Python wrote it.</param>
    /// <param name="file">For messages.</param>
    /// <param name="expected">Which of the types that NumPy lacks a void type stands for.</param>
    internal static NpyHeader Parse(string text, string file, ElementType expected)
    {
        var match = Dictionary().Match(text);
        if (!match.Success)
        {
            throw new UsageException($"'{file}' has a .npy header that cannot be read; only plain arrays can be: {text.Trim()}");
        }

        if (match.Groups["fortran"].Value == "True")
        {
            throw new UsageException($"'{file}' is stored column by column: save numpy.ascontiguousarray(array).");
        }

        if (match.Groups["order"].Value == ">")
        {
            throw new UsageException($"'{file}' is big-endian: save array.astype(array.dtype.newbyteorder('<')).");
        }

        var code = match.Groups["code"].Value;
        var candidates = Codes.Where(c => c.Code == code).Select(c => c.Type).ToList();
        if (candidates.Count == 0)
        {
            throw new UsageException($"'{file}' holds elements of type '{code}'; those that can be read are {string.Join(", ", Codes.Select(c => c.Code).Distinct())}.");
        }

        return new NpyHeader(candidates.Contains(expected) ? expected : candidates[0], ParseShape(match.Groups["shape"].Value, file));
    }

    /// <summary>The dictionary as NumPy writes it.</summary>
    internal string Format()
    {
        var code = Codes.First(c => c.Type == ElementType).Code;
        var order = ElementType.ByteLength() == 1 || code[0] == 'V' ? '|' : '<';
        var shape = Shape.Length == 1 ? $"{Shape[0]}," : string.Join(", ", Shape);
        return $"{{'descr': '{order}{code}', 'fortran_order': False, 'shape': ({shape}), }}";
    }

    private static long[] ParseShape(string text, string file)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var shape = new long[parts.Length];
        var isValid = parts.Length <= MaxRank;
        var elements = Int128.One;
        for (var i = 0; i < parts.Length && isValid; i++)
        {
            isValid = long.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out shape[i]);

            // Elements have at most 8 bytes, so that their product with this fits, too.
            elements *= Math.Max(1, shape[i]);
            isValid &= elements <= long.MaxValue / 8;
        }

        return isValid ? shape : throw new UsageException($"'{file}' has the shape ({text}), which cannot be read.");
    }

    [GeneratedRegex(
        @"^\{ *'descr': *'(?<order>[<>|=]?)(?<code>[a-zA-Z][0-9]+)', *'fortran_order': *(?<fortran>True|False), *'shape': *\((?<shape>[0-9, ]*)\),? *\} *\n?$",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Dictionary();
}
