using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>Bytes for a packed function, borrowed for the call.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TVMByteArray
{
    internal byte* data;
    internal nuint size;
}
