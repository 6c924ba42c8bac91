using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary><c>struct sigaction</c>, kept and given back as it is.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SignalAction
{
    private fixed ulong _all[19];
}
