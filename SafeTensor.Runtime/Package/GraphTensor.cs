using System.Runtime.InteropServices;

namespace SafeTensor.Runtime;

/// <summary>An argument or an output of a graph, in TVM's terms.</summary>
/// <param name="Name">The argument's, or output0, output1, …</param>
/// <param name="Type">Of its elements.</param>
/// <param name="Shape">In elements.</param>
/// <param name="IsDirect">
/// Whether operators alone read it or write it, and once: no reshape shares its storage, and it is not given out twice or under two
/// names. Apache's runtimes can be given memory for such a tensor; for others they take it and then use their own.
/// </param>
internal sealed record GraphTensor(string Name, DataType Type, long[] Shape, bool IsDirect)
{
    /// <exception cref="SafeModelException">No .NET type holds its elements, or no span its length.</exception>
    internal TensorInfo ToTensorInfo(string file)
    {
        if (!ElementTypes.TryFrom(Type, out var type))
        {
            throw new SafeModelException(SafeModelError.ModelInvalid, file, $"takes or gives '{SafeText.Escape(Name)}' as {Type}, which no .NET type holds.");
        }

        var bytes = Type.ByteLengthOf(Shape);
        return bytes is >= 0 and <= MaxByteLength
            ? new TensorInfo(Name, type, ImmutableCollectionsMarshal.AsImmutableArray(Shape))
            : throw new SafeModelException(
                bytes < 0 ? SafeModelError.ModelInvalid : SafeModelError.LimitExceeded, file,
                $"takes or gives '{SafeText.Escape(Name)}' as {Type}[{string.Join(',', Shape)}]; an input or output has at most {MaxByteLength} bytes, and no side below 0.");
    }

    /// <summary>What a .NET array of bytes can hold, with room to align in.</summary>
    private const long MaxByteLength = 0x7FFFFFC7 - 256;
}
