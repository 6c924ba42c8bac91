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
    /// <param name="stats">What the executable's <c>stats</c> returns: the constants.</param>
    /// <param name="text">What its <c>as_text</c> returns: the instructions.</param>
    /// <returns>Arguments of main that are reshaped to constant shapes, and these. None where the text is not understood.</returns>
    internal static IEnumerable<(int Argument, long[] Shape)> ReshapedArguments(string stats, string text)
    {
        var main = text.IndexOf("@main:", StringComparison.Ordinal);
        if (main < 0 || Constants(stats) is not { } constants)
        {
            yield break;
        }

        var end = text.IndexOf("\n@", main, StringComparison.Ordinal);
        var written = new HashSet<int>();
        foreach (Match call in Call().Matches(text[main..(end < 0 ? text.Length : end)]))
        {
            if (call.Groups["argument"].Success)
            {
                var (argument, constant) = (Number(call.Groups["argument"]), Number(call.Groups["constant"]));
                if (!written.Contains(argument) && constant < constants.Count && constants[constant] is { } shape)
                {
                    yield return (argument, shape);
                }
            }

            if (call.Groups["destination"].Success)
            {
                written.Add(Number(call.Groups["destination"]));
            }
        }
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

    private static int Number(Group digits) => int.TryParse(digits.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue;

    [GeneratedRegex(@"Constant pool \(# (?<count>\d+)\): \[", RegexOptions.CultureInvariant)]
    private static partial Regex ConstantsStart();

    // With the comma or bracket that ends it. A text ends with a quotation mark before one of these.
    [GeneratedRegex(@"\G(?:""[^\n]*?""|shapetuple\[(?<shape>[-0-9, ]*)\]|\[[-0-9, ]*\]|[^,\[\]""\n]*)(?:, |\]\n)", RegexOptions.CultureInvariant)]
    private static partial Regex Constant();

    [GeneratedRegex(@"^ +call +\S+ +in:(?:(?<= vm\.builtin\.reshape +in:) %(?<argument>\d+), c\[(?<constant>\d+)\])?[^\n]*? dst: (?:%(?<destination>\d+)|%void)", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Call();
}
