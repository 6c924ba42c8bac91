using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary><c>struct rlimit</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ResourceLimit
{
    internal ulong Current;
    internal ulong Maximum;
}
