using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>Of libtvm_ffi.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TVMFFIVersion
{
    internal uint major;
    internal uint minor;
    internal uint patch;
}
