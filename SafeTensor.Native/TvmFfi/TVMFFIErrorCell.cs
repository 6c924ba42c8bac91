using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>Of an error object.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TVMFFIErrorCell
{
    internal TVMFFIByteArray kind;
    internal TVMFFIByteArray message;
    internal TVMFFIByteArray backtrace;
}
