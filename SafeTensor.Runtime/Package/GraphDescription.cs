using System.Text.Json;

namespace SafeTensor.Runtime;

/// <summary>What a graph-executor model takes and gives, read from its graph (TVM's mod.json). What the graph computes is the runtime's to read.</summary>
internal sealed class GraphDescription
{
    internal const int MaxLength = 256 << 20;

    private const int MaxDepth = 32;

    private readonly List<string> _names = [];
    private readonly List<int> _argumentNodes = [];
    private readonly List<int> _firstEntries = [];
    private readonly List<(int Node, int Output)> _heads = [];
    private readonly List<DataType> _types = [];
    private readonly List<long[]> _shapes = [];
    private readonly string _file;

    private GraphDescription(string file) => _file = file;

    /// <summary>Inputs and parameters alike, in the graph's order.</summary>
    internal List<GraphTensor> Arguments { get; } = [];

    /// <summary>Named output0, output1, …: the graph does not name them.</summary>
    internal List<GraphTensor> Outputs { get; } = [];

    /// <param name="json">UTF-8; not kept.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.ModelInvalid"/>: it is no graph.</exception>
    internal static GraphDescription Read(ReadOnlySpan<byte> json, string file)
    {
        var graph = new GraphDescription(file);
        try
        {
            graph.Parse(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw graph.Invalid("is not a graph that TVM's graph executor runs", e);
        }

        foreach (var node in graph._argumentNodes)
        {
            graph.Arguments.Add(graph.Entry(node, 0, At(graph._names, node) ?? throw graph.Invalid($"has an argument at node {node}, which is not there")));
        }

        foreach (var (node, output) in graph._heads)
        {
            graph.Outputs.Add(graph.Entry(node, output, $"output{graph.Outputs.Count}"));
        }

        return graph;
    }

    /// <summary>Reads a graph that is in a file.</summary>
    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, string)" path="/exception"/>
    internal static GraphDescription Read(PackageFile file)
    {
        if (file.Length is 0 or > MaxLength)
        {
            throw new SafeModelException(SafeModelError.ModelInvalid, file.Name, $"has {file.Length} bytes; a graph has 1 to {MaxLength}.");
        }

        using var json = ProtectedMemory.Reserve(file.Length);
        file.Read(0, json.Span);
        return Read(json.Span, file.Name);
    }

    /// <exception cref="SafeModelException"><see cref="SafeModelError.ModelInvalid"/>: the graph has no such parameter, or one of another type or shape.</exception>
    internal void RequireParameters(IReadOnlyList<ParameterInfo> parameters)
    {
        var arguments = new Dictionary<string, GraphTensor>(StringComparer.Ordinal);
        foreach (var argument in Arguments)
        {
            if (!arguments.TryAdd(argument.Name, argument))
            {
                throw Invalid($"has two arguments named '{SafeText.Escape(argument.Name)}'");
            }
        }

        foreach (var parameter in parameters)
        {
            if (!arguments.TryGetValue(parameter.Name, out var argument))
            {
                throw Invalid($"has no argument for the parameter '{SafeText.Escape(parameter.Name)}'");
            }

            if (argument.Type != parameter.Type || !argument.Shape.AsSpan().SequenceEqual(parameter.Shape))
            {
                throw Invalid($"wants {argument.Type}[{string.Join(',', argument.Shape)}] where the parameter is {parameter}");
            }
        }
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
                ReadIntegers(ref reader, _argumentNodes);
            }
            else if (reader.ValueTextEquals("node_row_ptr"u8))
            {
                ReadIntegers(ref reader, _firstEntries);
            }
            else if (reader.ValueTextEquals("heads"u8))
            {
                ReadHeads(ref reader);
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

        Demand(reader.TokenType == JsonTokenType.EndObject);
    }

    private void ReadNodes(ref Utf8JsonReader reader)
    {
        Begin(ref reader, JsonTokenType.StartArray);
        while (Next(ref reader, JsonTokenType.EndArray))
        {
            var name = "";
            Demand(reader.TokenType == JsonTokenType.StartObject);
            while (Next(ref reader, JsonTokenType.EndObject))
            {
                var isName = reader.ValueTextEquals("name"u8);
                reader.Read();
                if (isName)
                {
                    name = reader.GetString() ?? "";
                }

                reader.Skip();
            }

            _names.Add(name);
        }
    }

    private void ReadHeads(ref Utf8JsonReader reader)
    {
        Begin(ref reader, JsonTokenType.StartArray);
        var head = new List<int>();
        while (Next(ref reader, JsonTokenType.EndArray))
        {
            head.Clear();
            ReadRow(ref reader, head);
            Demand(head.Count >= 2);
            _heads.Add((head[0], head[1]));
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
                if (isType)
                {
                    var text = reader.GetString();
                    _types.Add(DataType.TryParse(text, out var type) ? type : throw Invalid($"has an element type '{SafeText.Escape(text ?? "")}'"));
                }
                else
                {
                    _shapes.Add(ReadShape(ref reader));
                }
            }

            Begin(ref reader, JsonTokenType.EndArray);
        }
    }

    private static long[] ReadShape(ref Utf8JsonReader reader)
    {
        Demand(reader.TokenType == JsonTokenType.StartArray);
        var shape = new List<long>();
        while (Next(ref reader, JsonTokenType.EndArray))
        {
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
            values.Add(reader.GetInt32());
        }
    }

    private static void Begin(ref Utf8JsonReader reader, JsonTokenType token) => Demand(reader.Read() && reader.TokenType == token);

    private static bool Next(ref Utf8JsonReader reader, JsonTokenType end) => reader.Read() && reader.TokenType != end;

    private static void Demand(bool condition)
    {
        if (!condition)
        {
            throw new JsonException();
        }
    }

    private GraphTensor Entry(int node, int output, string name)
    {
        var first = node >= 0 && node < _firstEntries.Count ? _firstEntries[node] : -1;
        var entry = first < 0 || output < 0 ? -1 : (long)first + output;
        return entry >= 0 && entry < _types.Count && entry < _shapes.Count
            ? new GraphTensor(name, _types[(int)entry], _shapes[(int)entry])
            : throw Invalid($"has no type and shape for output {output} of node {node}");
    }

    private static string? At(List<string> list, int index) => index >= 0 && index < list.Count ? list[index] : null;

    private SafeModelException Invalid(string message, Exception? cause = null) => new(SafeModelError.ModelInvalid, _file, $"{message}.", cause);
}
