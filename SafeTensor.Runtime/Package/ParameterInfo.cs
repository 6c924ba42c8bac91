namespace SafeTensor.Runtime;

/// <summary>One tensor of a parameters file.</summary>
/// <param name="Name">As in the file.</param>
/// <param name="Type">As in the file; what a code means is the executor's to say.</param>
/// <param name="Shape">In elements, outermost first; empty for a scalar.</param>
/// <param name="ByteLength">Of its data.</param>
internal sealed record ParameterInfo(string Name, DataType Type, long[] Shape, long ByteLength)
{
    public override string ToString() => $"{SafeText.Escape(Name)}: {Type}[{string.Join(',', Shape)}]";
}
