using SafeTensor.Runtime;

namespace SafeTensor.Cli.Inputs;

/// <summary><c>.bin</c>: an input's elements, little-endian, row by row, and nothing else.</summary>
internal static class RawFile
{
    internal static TensorValue Read(string path, TensorInfo input)
    {
        var length = new FileInfo(path).Length;
        var size = input.ElementType.ByteLength();
        var taken = input.WithShape(input.Complete(length / size));
        return length == taken.ElementCount * size
            ? TensorValue.Create(input.ElementType, File.ReadAllBytes(path), taken.Shape.AsSpan())
            : throw new UsageException($"'{path}' has {length} bytes; input '{input.Name}' is {input}{(input.IsDynamic ? "" : $", which is {taken.ElementCount * size}")}.");
    }
}
