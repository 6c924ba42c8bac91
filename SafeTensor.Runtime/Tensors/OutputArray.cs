using System.Runtime.InteropServices;

namespace SafeTensor.Runtime;

/// <summary>Makes the array of an element type's .NET type for one output.</summary>
internal static class OutputArray
{
    internal static Array From(ElementType type, ReadOnlySpan<byte> bytes) => type switch
    {
        ElementType.Float16 => Of<Half>(bytes),
        ElementType.Float32 => Of<float>(bytes),
        ElementType.Float64 => Of<double>(bytes),
        ElementType.Int8 => Of<sbyte>(bytes),
        ElementType.Int16 => Of<short>(bytes),
        ElementType.Int32 => Of<int>(bytes),
        ElementType.Int64 => Of<long>(bytes),
        ElementType.BFloat16 or ElementType.UInt16 => Of<ushort>(bytes),
        ElementType.UInt32 => Of<uint>(bytes),
        ElementType.UInt64 => Of<ulong>(bytes),
        ElementType.Bool => Of<bool>(bytes),
        _ => Of<byte>(bytes),
    };

    private static T[] Of<T>(ReadOnlySpan<byte> bytes)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(bytes).ToArray();
}
