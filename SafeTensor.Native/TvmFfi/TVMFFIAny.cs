using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>tvm-ffi's value: an argument or a result of a function, with its type.</summary>
[StructLayout(LayoutKind.Explicit)]
internal unsafe struct TVMFFIAny
{
    [FieldOffset(0)] internal int type_index;
    [FieldOffset(4)] internal uint small_str_len;
    [FieldOffset(8)] internal long v_int64;
    [FieldOffset(8)] internal void* v_ptr;

    /// <summary>The types of the values that this library passes and gets; those of objects are from <see cref="FirstObject"/> on.</summary>
    internal static class TypeIndex
    {
        internal const int None = 0, Int = 1, Bool = 2, RawStr = 8, SmallStr = 11, FirstObject = 64, Str = 65, Function = 68, Tensor = 70, Array = 71, Module = 73;
    }
}
