using System.Text;

namespace SafeTensor.Tests.Independent;

/// <summary>What the body says of a tensor.</summary>
internal sealed record TensorPart(byte[] Name, byte TypeCode, byte Bits, long[] Dimensions, long Length, bool IsEncrypted, byte[] Root)
    : Part(Length, IsEncrypted, Root)
{
    internal const byte SignedType = 0, UnsignedType = 1, FloatType = 2;

    /// <summary>One whose length follows from its shape, and whose root is not known yet.</summary>
    internal static TensorPart Of(string name, byte typeCode, byte bits, long[] dimensions, bool isEncrypted = true)
    {
        var length = dimensions.Aggregate((long)((bits + 7) / 8), (product, dimension) => product * dimension);
        return new(Encoding.UTF8.GetBytes(name), typeCode, bits, dimensions, length, isEncrypted, NoRoot);
    }
}
