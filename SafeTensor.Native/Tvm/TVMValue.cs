using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>An argument or a result of a packed function; its <see cref="TypeCode"/> travels beside it.</summary>
[StructLayout(LayoutKind.Explicit)]
internal unsafe struct TVMValue
{
    [FieldOffset(0)] internal long v_int64;
    [FieldOffset(0)] internal double v_float64;
    [FieldOffset(0)] internal void* v_handle;
    [FieldOffset(0)] internal byte* v_str;
    [FieldOffset(0)] internal DLDevice v_device;

    /// <summary>The codes of the values that this library passes and gets.</summary>
    internal static class TypeCode
    {
        internal const int Int = 0, Null = 4, Device = 6, DLTensor = 7, Object = 8, Module = 9, Str = 11, Bytes = 12, NDArray = 13;
    }
}
