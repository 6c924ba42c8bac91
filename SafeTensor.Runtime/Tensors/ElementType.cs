namespace SafeTensor.Runtime;

/// <summary>What a tensor's elements are. Numbers are stable; new ones are only ever appended.</summary>
/// <remarks>BFloat16 and the Float8 types have no .NET type yet: their bits travel as <see cref="ushort"/> and <see cref="byte"/>.</remarks>
public enum ElementType
{
    /// <summary>IEEE 754 binary16: <see cref="Half"/>.</summary>
    Float16 = 1,

    /// <summary><see cref="float"/>.</summary>
    Float32,

    /// <summary><see cref="double"/>.</summary>
    Float64,

    /// <summary>The upper half of a <see cref="float"/>, as <see cref="ushort"/> bits.</summary>
    BFloat16,

    /// <summary>OCP FP8 E4M3, as <see cref="byte"/> bits.</summary>
    Float8E4M3,

    /// <summary>OCP FP8 E5M2, as <see cref="byte"/> bits.</summary>
    Float8E5M2,

    /// <summary><see cref="sbyte"/>.</summary>
    Int8,

    /// <summary><see cref="short"/>.</summary>
    Int16,

    /// <summary><see cref="int"/>.</summary>
    Int32,

    /// <summary><see cref="long"/>.</summary>
    Int64,

    /// <summary><see cref="byte"/>.</summary>
    UInt8,

    /// <summary><see cref="ushort"/>.</summary>
    UInt16,

    /// <summary><see cref="uint"/>.</summary>
    UInt32,

    /// <summary><see cref="ulong"/>.</summary>
    UInt64,

    /// <summary><see cref="bool"/>, one byte each.</summary>
    Bool,
}
