using SafeTensor.Runtime;

namespace SafeTensor.Cli.Inputs;

/// <summary>What files and messages say of TVM's element types.</summary>
internal static class ElementTypes
{
    /// <summary>Of one element, in bytes.</summary>
    internal static int Size(this ElementType type) => type switch
    {
        ElementType.Float64 or ElementType.Int64 or ElementType.UInt64 => 8,
        ElementType.Float32 or ElementType.Int32 or ElementType.UInt32 => 4,
        ElementType.Float16 or ElementType.BFloat16 or ElementType.Int16 or ElementType.UInt16 => 2,
        _ => 1,
    };

    internal static bool IsFloat(this ElementType type) => type is ElementType.Float64 or ElementType.Float32 or ElementType.Float16
        or ElementType.BFloat16 or ElementType.Float8E4M3 or ElementType.Float8E5M2;

    /// <summary>As in messages: <c>float32</c>.</summary>
    internal static string TvmName(this ElementType type) => type switch
    {
        ElementType.Float8E4M3 => "float8_e4m3",
        ElementType.Float8E5M2 => "float8_e5m2",
        _ => type.ToString().ToLowerInvariant(),
    };
}
