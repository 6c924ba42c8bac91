using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace SafeTensor.Runtime;

/// <summary>What the main function of a Relax executable takes and gives, as far as its error contexts tell: the texts that TVM shows when an input does not fit.</summary>
/// <remarks>
/// They are in the text that the executable's <c>stats</c> returns, one for each input and none for parameters:
/// <c>ErrorContext(fn=main, loc=param[0], param=image, annotation=R.Tensor((n, 1, 8, 8), dtype="float32"))</c>; where a dimension is symbolic, one more
/// with <c>loc=return</c>.
/// </remarks>
internal sealed partial class RelaxSignature
{
    private const string Main = "main";

    private RelaxSignature(Dictionary<string, TensorInfo> inputs, List<ImmutableArray<long>>? outputs)
    {
        Inputs = inputs;
        OutputShapes = outputs;
    }

    /// <summary>By name; a dimension that is no number is −1.</summary>
    internal Dictionary<string, TensorInfo> Inputs { get; }

    /// <summary>Of each output, where the executable tells.</summary>
    internal List<ImmutableArray<long>>? OutputShapes { get; }

    internal static RelaxSignature Read(string stats)
    {
        var inputs = new Dictionary<string, TensorInfo>(StringComparer.Ordinal);
        List<ImmutableArray<long>>? outputs = null;
        foreach (Match context in Context().Matches(stats))
        {
            if (context.Groups["function"].Value != Main)
            {
                continue;
            }

            var tensors = Tensor().Matches(context.Groups["annotation"].Value);
            if (context.Groups["parameter"] is { Success: true, Value: var name } && tensors is [var only] && RelaxTypes.TryParse(only.Groups["type"].Value, out var type))
            {
                inputs.TryAdd(name, new TensorInfo(name, type, Shape(only)));
            }
            else if (!context.Groups["parameter"].Success)
            {
                outputs = [.. tensors.Select(Shape)];
            }
        }

        return new RelaxSignature(inputs, outputs);
    }

    private static ImmutableArray<long> Shape(Match tensor) =>
        [.. tensor.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(length => long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1)];

    // To the end of its entry: an annotation has parentheses of its own.
    [GeneratedRegex(@"ErrorContext\(fn=(?<function>[^,]*), loc=(?:param\[\d+\], param=(?<parameter>.*?)|return), annotation=(?<annotation>R\..*?\))\)(?=$|[,\s\]])", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Context();

    [GeneratedRegex(@"R\.Tensor\(\((?<shape>(?:[^()]|\([^()]*\))*)\), dtype=""(?<type>[^""]*)""", RegexOptions.CultureInvariant)]
    private static partial Regex Tensor();
}
