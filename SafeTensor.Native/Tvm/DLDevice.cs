using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>DLPack's device.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DLDevice
{
    internal const int Cpu = 1;

    internal int device_type;
    internal int device_id;
}
