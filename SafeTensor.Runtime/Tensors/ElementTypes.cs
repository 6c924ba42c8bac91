namespace SafeTensor.Runtime;

/// <summary>Element types in TVM's terms, in .NET's, and in the words of messages.</summary>
internal static class ElementTypes
{
    /// <summary>Of one element, in bytes.</summary>
    internal static int ByteLength(this ElementType type) => type switch
    {
        ElementType.Float64 or ElementType.Int64 or ElementType.UInt64 => 8,
        ElementType.Float32 or ElementType.Int32 or ElementType.UInt32 => 4,
        ElementType.Float16 or ElementType.BFloat16 or ElementType.Int16 or ElementType.UInt16 => 2,
        _ => 1,
    };

    /// <summary>As TVM and NumPy spell it: <c>float32</c>.</summary>
    internal static string Spell(this ElementType type) => type switch
    {
        ElementType.Float8E4M3 => "float8_e4m3",
        ElementType.Float8E5M2 => "float8_e5m2",
        _ => type.ToString().ToLowerInvariant(),
    };

    /// <summary>The element type that TVM's graph executor means by a data type (codes of TVM up to 0.19).</summary>
    internal static bool TryFrom(DataType type, out ElementType element)
    {
        element = (type.Code, type.Bits, type.Lanes) switch
        {
            (0, 8, 1) => ElementType.Int8,
            (0, 16, 1) => ElementType.Int16,
            (0, 32, 1) => ElementType.Int32,
            (0, 64, 1) => ElementType.Int64,
            (1, 1, 1) => ElementType.Bool,
            (1, 8, 1) => ElementType.UInt8,
            (1, 16, 1) => ElementType.UInt16,
            (1, 32, 1) => ElementType.UInt32,
            (1, 64, 1) => ElementType.UInt64,
            (2, 16, 1) => ElementType.Float16,
            (2, 32, 1) => ElementType.Float32,
            (2, 64, 1) => ElementType.Float64,
            (4, 16, 1) => ElementType.BFloat16,
            (6, 8, 1) => ElementType.Float8E4M3,
            (7, 8, 1) => ElementType.Float8E5M2,
            _ => 0,
        };
        return element != 0;
    }

    /// <summary>The element type of a .NET array's elements; 0 where there is none.</summary>
    internal static ElementType OfClr(Type? type) =>
        type == typeof(float) ? ElementType.Float32
        : type == typeof(double) ? ElementType.Float64
        : type == typeof(Half) ? ElementType.Float16
        : type == typeof(sbyte) ? ElementType.Int8
        : type == typeof(short) ? ElementType.Int16
        : type == typeof(int) ? ElementType.Int32
        : type == typeof(long) ? ElementType.Int64
        : type == typeof(byte) ? ElementType.UInt8
        : type == typeof(ushort) ? ElementType.UInt16
        : type == typeof(uint) ? ElementType.UInt32
        : type == typeof(ulong) ? ElementType.UInt64
        : type == typeof(bool) ? ElementType.Bool
        : 0;

    /// <summary>Whether <typeparamref name="T"/> holds elements of <paramref name="type"/>: a constant and a compare once compiled.</summary>
    internal static bool IsHeldBy<T>(this ElementType type)
        where T : unmanaged
    {
        var own = OfClr(typeof(T));
        return own == type || AreBits(own, type);
    }

    /// <summary>Whether <paramref name="bits"/> is how .NET carries <paramref name="type"/>, which it has no type for.</summary>
    internal static bool AreBits(ElementType bits, ElementType type) =>
        (bits == ElementType.UInt16 && type == ElementType.BFloat16)
        || (bits == ElementType.UInt8 && type is ElementType.Float8E4M3 or ElementType.Float8E5M2);
}
