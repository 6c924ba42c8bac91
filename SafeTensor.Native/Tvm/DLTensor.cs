using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>DLPack's tensor: a view of memory that somebody else owns.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DLTensor
{
    internal void* data;
    internal DLDevice device;
    internal int ndim;
    internal DLDataType dtype;
    internal long* shape;
    internal long* strides;
    internal ulong byte_offset;
}
