using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>Of an array object, as far as its first fields; what a model with several outputs returns.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TVMFFIArrayCell
{
    internal TVMFFIAny* items;
    internal long size;
}
