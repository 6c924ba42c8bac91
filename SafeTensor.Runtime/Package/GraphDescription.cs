using System.Text;
using System.Text.Json;

namespace SafeTensor.Runtime;

/// <summary>What a graph-executor model takes and gives, read from its graph (TVM's mod.json). What the graph computes is the runtime's to read.</summary>
internal sealed class GraphDescription
{
    internal const int MaxLength = 256 << 20;

    // Far above any model's. An output may be named again in a few bytes, and takes a hundred here.
    private const int MaxOutputs = 65_536;

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
            graph.Describe(GraphReader.Read(json));
            return graph;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw graph.Invalid("is not a graph that TVM's graph executor runs", SafeText.CauseOf(e));
        }
    }

    /// <summary>Reads a graph that is in a file.</summary>
    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, string)" path="/exception"/>
    internal static GraphDescription Read(PackageFile file)
    {
        RequireLength(file);
        using var json = ProtectedMemory.Reserve(file.Length);
        file.Read(0, json.Span);
        return Read(json.Span, file.Name);
    }

    /// <exception cref="SafeModelException"><see cref="SafeModelError.ModelInvalid"/>: the file is empty, or longer than any graph.</exception>
    internal static void RequireLength(PackageFile file)
    {
        if (file.Length is 0 or > MaxLength)
        {
            throw new SafeModelException(SafeModelError.ModelInvalid, file.Name, $"has {file.Length} bytes; a graph has 1 to {MaxLength}.");
        }
    }

    /// <summary>What is left of the arguments without the parameters: what a run must be given.</summary>
    internal IReadOnlyList<TensorInfo> InputsWithout(IEnumerable<string> parameters)
    {
        var names = parameters.ToHashSet(StringComparer.Ordinal);
        return [.. Arguments.Where(argument => !names.Contains(argument.Name)).Select(argument => argument.ToTensorInfo(_file))];
    }

    internal IReadOnlyList<TensorInfo> OutputInfos() => [.. Outputs.Select(output => output.ToTensorInfo(_file))];

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

    private void Describe(GraphReader graph)
    {
        var shared = new HashSet<(int, int)>();
        var read = new HashSet<(int, int)>();
        foreach (var node in graph.Nodes)
        {
            (node.IsReshape ? shared : read).UnionWith(node.Inputs);
        }

        if (graph.Heads.Count > MaxOutputs)
        {
            throw Invalid($"gives {graph.Heads.Count} outputs; the limit is {MaxOutputs}");
        }

        var given = graph.Heads.CountBy(head => head).ToDictionary();
        var arguments = new HashSet<int>();
        foreach (var node in graph.ArgumentNodes)
        {
            var entry = (node, 0);
            Demand(node, graph.Nodes.Count, "argument");
            if (!arguments.Add(node) || Encoding.UTF8.GetByteCount(graph.Nodes[node].Name) > ParamsFormat.MaxNameLength)
            {
                throw Invalid($"takes node {node} twice, or by a name of more than {ParamsFormat.MaxNameLength} bytes");
            }

            Arguments.Add(Entry(graph, entry, graph.Nodes[node].Name, read.Contains(entry) && !shared.Contains(entry) && !given.ContainsKey(entry)));
        }

        foreach (var head in graph.Heads)
        {
            Demand(head.Node, graph.Nodes.Count, "output");
            var source = graph.Nodes[head.Node];
            Outputs.Add(Entry(graph, head, $"output{Outputs.Count}", source is { IsOperator: true, IsReshape: false } && !shared.Contains(head) && given[head] == 1));
        }
    }

    private void Demand(int node, int count, string what)
    {
        if (node < 0 || node >= count)
        {
            throw Invalid($"has an {what} at node {node} of {count}");
        }
    }

    private GraphTensor Entry(GraphReader graph, (int Node, int Output) at, string name, bool isDirect)
    {
        var first = at.Node < graph.FirstEntries.Count ? graph.FirstEntries[at.Node] : -1;
        var entry = first < 0 || at.Output < 0 ? -1 : (long)first + at.Output;
        if (entry < 0 || entry >= graph.Types.Count || entry >= graph.Shapes.Count)
        {
            throw Invalid($"has no type and shape for output {at.Output} of node {at.Node}");
        }

        // As in parameters files; also what keeps a shape's text short.
        var shape = graph.Shapes[(int)entry];
        return shape.Length <= ParamsFormat.MaxRank
            ? new GraphTensor(name, graph.Types[(int)entry], shape, isDirect)
            : throw Invalid($"has {shape.Length} dimensions for output {at.Output} of node {at.Node}; the limit is {ParamsFormat.MaxRank}");
    }

    private SafeModelException Invalid(string message, Exception? cause = null) => new(SafeModelError.ModelInvalid, _file, $"{message}.", cause);
}
