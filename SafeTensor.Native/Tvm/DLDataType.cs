using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>DLPack's element type.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DLDataType
{
    internal byte code;
    internal byte bits;
    internal ushort lanes;
}
