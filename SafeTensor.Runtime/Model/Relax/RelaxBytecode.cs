using System.Globalization;
using System.Text.RegularExpressions;

namespace SafeTensor.Runtime;

/// <summary>What main's instructions do with its arguments before any kernel sees them, as the executable's own text shows it.</summary>
/// <remarks>
/// Kernels check the shapes of what they are given. An argument that is reshaped first loses its own, and TVM takes one that is too long.
/// Instructions are <c>call  vm.builtin.reshape in: %2, c[6]     dst: %9</c>, with registers and places in the list of constants, whose shapes are <c>shapetuple[1, 8, 1, 1]</c>.
/// </remarks>
internal static partial class RelaxBytecode
{
    private const string MainStart = "@main:";

    /// <param name="stats">What the executable's <c>stats</c> returns: the constants.</param>
    /// <param name="text">What its <c>as_text</c> returns: the instructions.</param>
    /// <returns>Arguments of main that are reshaped to constant shapes, and these. None where the text is not understood.</returns>
    internal static List<(int Argument, long[] Shape)> ReshapedArguments(string stats, string text)
    {
        var reshapes = new List<(int Argument, long[] Shape)>();
        var main = text.IndexOf(MainStart, StringComparison.Ordinal);
        if (main < 0 || Constants(stats) is not { } constants)
        {
            return reshapes;
        }

        var written = new HashSet<int>();
        foreach (var line in text.AsSpan(main + MainStart.Length).EnumerateLines())
        {
            if (line.StartsWith('@'))
            {
                break;
            }

            if (IsReshape(line, out var argument, out var constant) && !written.Contains(argument) && constant < constants.Count && constants[constant] is { } shape)
            {
                reshapes.Add((argument, shape));
            }

            // An argument's register that something else was written to is no argument any more.
            if (TryNumber(line, " dst: %", out var destination, out _))
            {
                written.Add(destination);
            }
        }

        return reshapes;
    }

    private static bool IsReshape(ReadOnlySpan<char> line, out int argument, out int constant)
    {
        (argument, constant) = (0, 0);
        return line.Contains(" vm.builtin.reshape ", StringComparison.Ordinal)
            && TryNumber(line, " in: %", out argument, out var rest) && rest.StartsWith(", c[", StringComparison.Ordinal) && TryNumber(rest, ", c[", out constant, out _);
    }

    private static bool TryNumber(ReadOnlySpan<char> line, string before, out int number, out ReadOnlySpan<char> rest)
    {
        number = 0;
        rest = default;
        var at = line.IndexOf(before, StringComparison.Ordinal);
        if (at < 0)
        {
            return false;
        }

        rest = line[(at + before.Length)..];
        var digits = rest.IndexOfAnyExceptInRange('0', '9') is >= 0 and var end ? end : rest.Length;
        var isNumber = int.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out number);
        rest = rest[digits..];
        return isNumber;
    }

    // Each constant's shape, if it is one; null where the list cannot be read to its end, since texts in it are not escaped.
    private static List<long[]?>? Constants(string stats)
    {
        var start = ConstantsStart().Match(stats);
        var constants = new List<long[]?>();
        if (!start.Success)
        {
            return null;
        }

        var at = start.Index + start.Length;
        for (var item = Constant().Match(stats, at); item.Success && item.Index == at; item = Constant().Match(stats, at))
        {
            constants.Add(item.Groups["shape"] is { Success: true } shape
                ? [.. shape.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(length => long.Parse(length, CultureInfo.InvariantCulture))]
                : null);
            at += item.Length;
        }

        return constants.Count.ToString(CultureInfo.InvariantCulture) == start.Groups["count"].Value ? constants : null;
    }

    [GeneratedRegex(@"Constant pool \(# (?<count>\d+)\): \[", RegexOptions.CultureInvariant)]
    private static partial Regex ConstantsStart();

    // With the comma or bracket that ends it. A text ends with a quotation mark before one of these, and an error context's with a space before that.
    [GeneratedRegex(@"\G(?:""ErrorContext\([^\n]*?\) ""|""[^\n]*?""|shapetuple\[(?<shape>[-0-9, ]*)\]|\[[-0-9, ]*\]|[^,\[\]""\n]*)(?:, |\]\n)", RegexOptions.CultureInvariant)]
    private static partial Regex Constant();
}
