using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace SafeTensor.Runtime;

/// <summary>What the main function of a Relax executable takes and gives, as far as its constants tell: among them are the texts that TVM shows when an input does not fit.</summary>
/// <remarks>
/// All are in the text that the executable's <c>stats</c> returns. There is one such text for each input of which something is known, and none for parameters:
/// <c>"ErrorContext(fn=main, loc=param[0], param=image, annotation=R.Tensor((n, 1, 8, 8), dtype="float32")) "</c>; where a dimension is symbolic, one more
/// with <c>loc=return</c>. A constant tensor is its shape, <c>[1, 1, 257]</c>, or <c>scalar</c>.
/// </remarks>
internal sealed partial class RelaxSignature
{
    private const string Main = "main";

    private RelaxSignature(
        Dictionary<string, TensorInfo> inputs, List<ImmutableArray<long>>? outputs, long constantElements, ILookup<int, long[]> reshapes)
    {
        Inputs = inputs;
        OutputShapes = outputs;
        ConstantElements = constantElements;
        Reshapes = reshapes;
    }

    /// <summary>By name; a dimension that is no number is −1. Those of which not even the number of dimensions is known are not there.</summary>
    internal Dictionary<string, TensorInfo> Inputs { get; }

    /// <summary>Of each output, where the executable tells.</summary>
    internal List<ImmutableArray<long>>? OutputShapes { get; }

    /// <summary>Of all constant tensors together, without scalars.</summary>
    internal long ConstantElements { get; }

    /// <summary>Of each argument that is reshaped before any kernel sees it, by its place: the shapes that it gets.</summary>
    internal ILookup<int, long[]> Reshapes { get; }

    /// <param name="stats">What the executable's <c>stats</c> returns.</param>
    /// <param name="text">What its <c>as_text</c> returns.</param>
    internal static RelaxSignature Read(string stats, string text)
    {
        var inputs = new Dictionary<string, TensorInfo>(StringComparer.Ordinal);
        List<ImmutableArray<long>>? outputs = null;
        foreach (Match context in Context().Matches(stats))
        {
            if (context.Groups["function"].Value != Main)
            {
                continue;
            }

            var tensors = Tensors(Inside(stats, context.Index + context.Length));
            if (!context.Groups["parameter"].Success)
            {
                outputs = tensors.TrueForAll(tensor => tensor is not null) ? tensors.ConvertAll(tensor => tensor!.Value.Shape) : null;
            }
            else if (tensors is [{ Type: not 0 } only])
            {
                var name = context.Groups["parameter"].Value;
                inputs.TryAdd(name, new TensorInfo(name, only.Type, only.Shape));
            }
        }

        var elements = Constant().Matches(stats).Sum(constant => Lengths(constant.Groups["shape"].Value).Aggregate(1.0, static (product, length) => product * length));
        return new RelaxSignature(inputs, outputs, (long)elements, RelaxBytecode.ReshapedArguments(stats, text).ToLookup(reshape => reshape.Argument, reshape => reshape.Shape));
    }

    // Of an annotation; null for a tensor whose number of dimensions is not told.
    private static List<(ElementType Type, ImmutableArray<long> Shape)?> Tensors(string annotation)
    {
        const string start = "R.Tensor(";
        var tensors = new List<(ElementType, ImmutableArray<long>)?>();
        for (var at = annotation.IndexOf(start, StringComparison.Ordinal); at >= 0; at = annotation.IndexOf(start, at + 1, StringComparison.Ordinal))
        {
            ElementType type = 0;
            ImmutableArray<long>? shape = null;
            foreach (var argument in Split(Inside(annotation, at + start.Length)))
            {
                if (argument.StartsWith('('))
                {
                    shape = Lengths(argument[1..^1]);
                }
                else if (argument.StartsWith("dtype=", StringComparison.Ordinal))
                {
                    type = RelaxTypes.TryParse(argument["dtype=".Length..].Trim('"'), out var known) ? known : 0;
                }
                else if (argument.StartsWith("ndim=", StringComparison.Ordinal)
                    && int.TryParse(argument["ndim=".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var rank) && rank <= ParamsFormat.MaxRank)
                {
                    shape = [.. Enumerable.Repeat(-1L, rank)];
                }
            }

            tensors.Add(shape is { } lengths ? (type, lengths) : null);
        }

        return tensors;
    }

    private static ImmutableArray<long> Lengths(string shape) =>
        [.. Split(shape).Select(length => long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1)];

    // To the parenthesis that closes the one before.
    private static string Inside(string text, int start)
    {
        var end = start;
        for (var depth = 0; end < text.Length && (depth += Depth(text[end])) >= 0; end++)
        {
        }

        return text[start..end];
    }

    // At commas that are in no parentheses: a length can be T.max(n, 2).
    private static IEnumerable<string> Split(string text)
    {
        var (start, depth) = (0, 0);
        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ',' && depth == 0))
            {
                if (text[start..i].Trim() is { Length: > 0 } item)
                {
                    yield return item;
                }

                start = i + 1;
            }
            else
            {
                depth += Depth(text[i]);
            }
        }
    }

    private static int Depth(char character) => character switch
    {
        '(' => 1,
        ')' => -1,
        _ => 0,
    };

    [GeneratedRegex(@"ErrorContext\(fn=(?<function>[^,]*), loc=(?:param\[\d+\], param=(?<parameter>[^\n]{0,1024}?)|return), annotation=", RegexOptions.CultureInvariant)]
    private static partial Regex Context();

    // Not the numbers of param[0] and shapetuple[1, 8].
    [GeneratedRegex(@"(?<=[\[ ])\[(?<shape>\d+(?:, \d+)*)\]", RegexOptions.CultureInvariant)]
    private static partial Regex Constant();
}
