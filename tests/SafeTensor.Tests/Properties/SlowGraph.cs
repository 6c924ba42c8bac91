using System.Text.Json;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>A graph read from a tree of its JSON: what the product's reader, which builds no tree, must agree with.</summary>
internal sealed class SlowGraph
{
    private readonly List<string> _names = [];
    private readonly List<int> _arguments = [], _rows = [];
    private readonly List<int[]> _heads = [];
    private readonly List<string> _types = [], _shapes = [];

    /// <returns>Each argument and output; <see langword="null"/> where it is to be refused.</returns>
    internal static List<string>? Read(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32 });
            var graph = new SlowGraph();
            foreach (var member in document.RootElement.EnumerateObject())
            {
                graph.Add(member);
            }

            // One node is one argument.
            Demand(graph._arguments.Distinct().Count() == graph._arguments.Count);
            return
            [
                .. graph._arguments.Select(node => $"{graph._names[node]} {graph.Entry(node, 0)}"),
                .. graph._heads.Select(head => graph.Entry(head[0], head[1])),
            ];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentOutOfRangeException or InvalidDataException or OverflowException)
        {
            return null;
        }
    }

    private void Add(JsonProperty member)
    {
        if (member.NameEquals("nodes"u8))
        {
            _names.AddRange(member.Value.EnumerateArray().Select(Name));
        }
        else if (member.NameEquals("arg_nodes"u8))
        {
            _arguments.AddRange(Integers(member.Value));
        }
        else if (member.NameEquals("node_row_ptr"u8))
        {
            _rows.AddRange(Integers(member.Value));
        }
        else if (member.NameEquals("heads"u8))
        {
            _heads.AddRange(Edges(member.Value));
        }
        else if (member.NameEquals("attrs"u8))
        {
            foreach (var attribute in member.Value.EnumerateObject())
            {
                AddAttribute(attribute);
            }
        }
    }

    private void AddAttribute(JsonProperty attribute)
    {
        var isType = attribute.NameEquals("dltype"u8);
        if (!isType && !attribute.NameEquals("shape"u8))
        {
            return;
        }

        Demand(attribute.Value.GetArrayLength() == 2 && attribute.Value[0].ValueKind == JsonValueKind.String);
        foreach (var item in attribute.Value[1].EnumerateArray())
        {
            if (isType)
            {
                Demand(DataType.TryParse(item.GetString(), out var type));
                _types.Add($"{type}");
            }
            else
            {
                _shapes.Add(string.Join(',', item.EnumerateArray().Select(side => side.GetInt64())));
            }
        }
    }

    private static string Name(JsonElement node)
    {
        string? name = null;
        var (hasKind, hasInputs) = (false, false);
        foreach (var field in node.EnumerateObject())
        {
            if (field.NameEquals("name"u8))
            {
                name = field.Value.GetString() ?? "";
            }
            else if (field.NameEquals("op"u8))
            {
                hasKind = field.Value.ValueKind == JsonValueKind.String ? true : throw new InvalidDataException();
            }
            else if (field.NameEquals("inputs"u8))
            {
                hasInputs = Edges(field.Value).Count >= 0;
            }
            else if (field.NameEquals("attrs"u8) || field.NameEquals("attr"u8))
            {
                Demand(field.Value.ValueKind == JsonValueKind.Object);
            }
        }

        Demand(hasKind && hasInputs);
        return name ?? throw new InvalidDataException();
    }

    private string Entry(int node, int output)
    {
        Demand(node >= 0 && node < _names.Count && node < _rows.Count && _rows[node] >= 0 && output >= 0);
        var entry = checked(_rows[node] + output);
        return $"{_types[entry]}[{_shapes[entry]}]";
    }

    private static List<int[]> Edges(JsonElement list)
    {
        var edges = list.EnumerateArray().Select(edge => Integers(edge).ToArray()).ToList();
        Demand(edges.TrueForAll(edge => edge.Length >= 2));
        return edges;
    }

    private static IEnumerable<int> Integers(JsonElement list) => list.EnumerateArray().Select(number => number.GetInt32());

    private static void Demand(bool condition)
    {
        if (!condition)
        {
            throw new InvalidDataException();
        }
    }
}
