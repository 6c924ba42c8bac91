using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>tvm-ffi's view of bytes, mostly UTF-8.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TVMFFIByteArray
{
    internal byte* data;
    internal nuint size;
}
