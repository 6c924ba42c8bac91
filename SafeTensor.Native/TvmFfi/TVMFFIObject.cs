using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>What every object of tvm-ffi begins with. What follows it is its cell.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TVMFFIObject
{
    internal ulong combined_ref_count;
    internal int type_index;
    internal uint padding;
    internal nint deleter;
}
