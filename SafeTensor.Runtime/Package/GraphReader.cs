using System.Text.Json;

namespace SafeTensor.Runtime;

/// <summary>Reads the parts of a graph's JSON that a host needs; the rest is the runtime's. Faults leave as the parser's own exceptions.</summary>
internal sealed class GraphReader
{
    private const int MaxDepth = 32;

    // As the embedded runtime's: far above what compilers write, and low enough that a hostile graph cannot take all memory.
    private const int MaxNodes = 1_000_000, MaxEdges = 4_000_000, MaxSides = 8_000_000;

    private int _edges;
    private int _sides;

    private GraphReader()
    {
    }

    internal List<GraphNode> Nodes { get; } = [];

    internal List<int> ArgumentNodes { get; } = [];

    internal List<(int Node, int Output)> Heads { get; } = [];

    /// <summary>Of each node, the place of its first output in <see cref="Types"/> and <see cref="Shapes"/>.</summary>
    internal List<int> FirstEntries { get; } = [];

    internal List<DataType> Types { get; } = [];

    internal List<long[]> Shapes { get; } = [];

    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidOperationException">A value has another type.</exception>
    /// <exception cref="FormatException">It is no graph, or a number or an element type is out of range.</exception>
    internal static GraphReader Read(ReadOnlySpan<byte> json)
    {
        var graph = new GraphReader();
        graph.Parse(json);
        return graph;
    }

    private void Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        Demand(reader.Read() && reader.TokenType == JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("nodes"u8))
            {
                ReadNodes(ref reader);
            }
            else if (reader.ValueTextEquals("arg_nodes"u8))
            {
                ReadIntegers(ref reader, ArgumentNodes);
            }
            else if (reader.ValueTextEquals("node_row_ptr"u8))
            {
                ReadIntegers(ref reader, FirstEntries);
            }
            else if (reader.ValueTextEquals("heads"u8))
            {
                ReadEdges(ref reader, Heads, MaxNodes);
            }
            else if (reader.ValueTextEquals("attrs"u8))
            {
                ReadAttributes(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        Demand(reader.TokenType == JsonTokenType.EndObject && !reader.Read());
    }

    private void ReadNodes(ref Utf8JsonReader reader)
    {
        Begin(ref reader, JsonTokenType.StartArray);
        while (Next(ref reader, JsonTokenType.EndArray))
        {
            Demand(reader.TokenType == JsonTokenType.StartObject && Nodes.Count < MaxNodes);
            var node = new GraphNode();
            var fields = NodeFields.None;
            while (Next(ref reader, JsonTokenType.EndObject))
            {
                fields |= ReadNodeField(ref reader, node);
            }

            // As the embedded runtime demands. What says nothing must not take an object each.
            Demand(fields == NodeFields.All);
            Nodes.Add(node);
        }
    }

    private NodeFields ReadNodeField(ref Utf8JsonReader reader, GraphNode node)
    {
        if (reader.ValueTextEquals("name"u8))
        {
            reader.Read();
            node.Name = reader.GetString() ?? "";
            return NodeFields.Name;
        }

        if (reader.ValueTextEquals("op"u8))
        {
            reader.Read();
            node.IsOperator = !reader.ValueTextEquals("null"u8);
            return NodeFields.Kind;
        }

        if (reader.ValueTextEquals("inputs"u8))
        {
            ReadEdges(ref reader, node.Inputs, MaxEdges - _edges);
            _edges += node.Inputs.Count;
            return NodeFields.Inputs;
        }

        if (reader.ValueTextEquals("attrs"u8) || reader.ValueTextEquals("attr"u8))
        {
            Begin(ref reader, JsonTokenType.StartObject);
            while (Next(ref reader, JsonTokenType.EndObject))
            {
                var isFunction = reader.ValueTextEquals("func_name"u8);
                reader.Read();
                node.IsReshape |= isFunction && reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("__nop"u8);
                reader.Skip();
            }
        }
        else
        {
            reader.Skip();
        }

        return NodeFields.None;
    }

    private static void ReadEdges(ref Utf8JsonReader reader, List<(int Node, int Output)> edges, int limit)
    {
        Begin(ref reader, JsonTokenType.StartArray);
        var edge = new List<int>();
        while (Next(ref reader, JsonTokenType.EndArray))
        {
            edge.Clear();
            ReadRow(ref reader, edge);
            Demand(edge.Count >= 2 && edges.Count < limit);
            edges.Add((edge[0], edge[1]));
        }
    }

    // Each attribute is a pair of its kind and its list.
    private void ReadAttributes(ref Utf8JsonReader reader)
    {
        Begin(ref reader, JsonTokenType.StartObject);
        while (Next(ref reader, JsonTokenType.EndObject))
        {
            var isType = reader.ValueTextEquals("dltype"u8);
            var isShape = reader.ValueTextEquals("shape"u8);
            if (!isType && !isShape)
            {
                reader.Skip();
                continue;
            }

            Begin(ref reader, JsonTokenType.StartArray);
            Begin(ref reader, JsonTokenType.String);
            Begin(ref reader, JsonTokenType.StartArray);
            while (Next(ref reader, JsonTokenType.EndArray))
            {
                Demand(Types.Count <= MaxNodes && Shapes.Count <= MaxNodes);
                if (isType)
                {
                    var text = reader.GetString();
                    Types.Add(DataType.TryParse(text, out var type) ? type : throw new FormatException($"an element type is '{SafeText.Escape(text ?? "")}'"));
                }
                else
                {
                    Shapes.Add(ReadShape(ref reader));
                }
            }

            Begin(ref reader, JsonTokenType.EndArray);
        }
    }

    private long[] ReadShape(ref Utf8JsonReader reader)
    {
        Demand(reader.TokenType == JsonTokenType.StartArray);
        var shape = new List<long>();
        while (Next(ref reader, JsonTokenType.EndArray))
        {
            Demand(++_sides <= MaxSides);
            shape.Add(reader.GetInt64());
        }

        return [.. shape];
    }

    private static void ReadIntegers(ref Utf8JsonReader reader, List<int> values)
    {
        reader.Read();
        ReadRow(ref reader, values);
    }

    private static void ReadRow(ref Utf8JsonReader reader, List<int> values)
    {
        Demand(reader.TokenType == JsonTokenType.StartArray);
        while (Next(ref reader, JsonTokenType.EndArray))
        {
            Demand(values.Count < MaxNodes);
            values.Add(reader.GetInt32());
        }
    }

    private static void Begin(ref Utf8JsonReader reader, JsonTokenType token) => Demand(reader.Read() && reader.TokenType == token);

    private static bool Next(ref Utf8JsonReader reader, JsonTokenType end) => reader.Read() && reader.TokenType != end;

    private static void Demand(bool condition)
    {
        if (!condition)
        {
            throw new FormatException("a value is missing, of another kind, or one too many");
        }
    }

    /// <summary>What a node must have.</summary>
    [Flags]
    private enum NodeFields
    {
        None = 0,
        Name = 1,
        Kind = 2,
        Inputs = 4,
        All = Name | Kind | Inputs,
    }
}
