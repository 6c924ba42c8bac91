namespace SafeTensor.Runtime;

/// <summary>A tensor of a parameters file and where its data begins in it, in bytes.</summary>
internal readonly record struct ParamsTensor(ParameterInfo Info, long Offset);
