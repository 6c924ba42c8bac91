namespace SafeTensor.Runtime;

/// <summary>An argument or an output of a graph, in TVM's terms.</summary>
internal sealed record GraphTensor(string Name, DataType Type, long[] Shape);
