using CsCheck;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Tensors of any name, type and shape that a parameters file can have, with little data.</summary>
internal static class RandomTensors
{
    private static readonly Gen<string> Name = Gen.String[Gen.Char["abcxyz019._-/ äß重'\"\\{"], 1, 12];

    private static readonly byte[] Widths = [1, 4, 8, 16, 32, 64];

    private static readonly Gen<ParameterInfo> One = Gen.Select(
        Name, Gen.Byte[0, 8], Gen.OneOf(Widths), Gen.Long[0, 3].Array[0, 4], (name, code, bits, shape) => Info(name, new DataType(code, bits, 1), shape));

    internal static readonly Gen<ParameterInfo[]> Some = One.Array[0, 5].Select(tensors => tensors.DistinctBy(tensor => tensor.Name).ToArray());

    private static ParameterInfo Info(string name, DataType type, long[] shape) => new(name, type, shape, type.ByteLengthOf(shape));
}
