using SafeTensor.Runtime;

namespace SafeTensor.Cli.Inputs;

/// <summary><c>.bin</c>: an input's elements, little-endian, row by row, and nothing else.</summary>
internal static class RawFile
{
    internal static TensorValue Read(string path, TensorInfo input)
    {
        var length = new FileInfo(path).Length;
        var expected = input.ElementCount * input.ElementType.Size();
        return length == expected
            ? TensorValue.Create(input.ElementType, File.ReadAllBytes(path), input.Shape.AsSpan())
            : throw new UsageException($"'{path}' has {length} bytes; input '{input.Name}' is {input}, which is {expected}.");
    }
}
