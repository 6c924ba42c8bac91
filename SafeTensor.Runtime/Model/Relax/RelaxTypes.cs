namespace SafeTensor.Runtime;

/// <summary>Element types as TVM 0.20 and newer write them: with DLPack's codes for bool and the eight-bit floats.</summary>
internal static class RelaxTypes
{
    private const byte Bool = 6, Float8E4M3 = 10, Float8E5M2 = 12;

    internal static bool TryFrom(DataType type, out ElementType element)
    {
        element = (type.Code, type.Bits, type.Lanes) switch
        {
            (Bool, 8, 1) => ElementType.Bool,
            (Float8E4M3, 8, 1) => ElementType.Float8E4M3,
            (Float8E5M2, 8, 1) => ElementType.Float8E5M2,
            _ when type.Code < Bool && ElementTypes.TryFrom(type, out var known) && known != ElementType.Bool => known,
            _ => 0,
        };
        return element != 0;
    }

    internal static DataType Of(ElementType element) => element switch
    {
        ElementType.Bool => new DataType(Bool, 8, 1),
        ElementType.Float8E4M3 => new DataType(Float8E4M3, 8, 1),
        ElementType.Float8E5M2 => new DataType(Float8E5M2, 8, 1),
        ElementType.BFloat16 => new DataType(4, 16, 1),
        ElementType.Float16 or ElementType.Float32 or ElementType.Float64 => new DataType(2, Bits(element), 1),
        ElementType.UInt8 or ElementType.UInt16 or ElementType.UInt32 or ElementType.UInt64 => new DataType(1, Bits(element), 1),
        _ => new DataType(0, Bits(element), 1),
    };

    /// <summary>Reads Relax's spelling: <c>float32</c>, <c>bool</c>, <c>float8_e4m3fn</c>.</summary>
    internal static bool TryParse(string text, out ElementType element)
    {
        element = text switch
        {
            "bool" => ElementType.Bool,
            "float8_e4m3fn" => ElementType.Float8E4M3,
            "float8_e5m2" => ElementType.Float8E5M2,
            _ => 0,
        };
        return element != 0 || (DataType.TryParse(text, out var type) && char.IsAsciiDigit(text[^1]) && TryFrom(type, out element));
    }

    private static byte Bits(ElementType element) => (byte)(element.ByteLength() * 8);
}
