namespace SafeTensor.Runtime;

/// <summary>What a file beside the parameters is.</summary>
internal enum FileKind
{
    Code = 1,
    Graph = 2,
}
