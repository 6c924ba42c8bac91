namespace SafeTensor.Runtime;

/// <summary>A node of a graph, as far as a host must know it.</summary>
internal sealed class GraphNode
{
    internal string Name { get; set; } = "";

    /// <summary>False for an argument.</summary>
    internal bool IsOperator { get; set; }

    /// <summary>Whether it only gives its input another shape (TVM's <c>__nop</c>), in the same storage.</summary>
    internal bool IsReshape { get; set; }

    internal List<(int Node, int Output)> Inputs { get; } = [];
}
