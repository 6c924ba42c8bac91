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

        return new TensorInfo(Name, type, ImmutableCollectionsMarshal.AsImmutableArray(Shape)).Checked(file, mayBeOpen: false);
    }
}
