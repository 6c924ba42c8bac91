using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary><c>struct statx</c>, as far as its first fields; the kernel writes the rest into <see cref="_rest"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FileStatus
{
    internal uint Mask;
    internal uint BlockSize;
    internal ulong Attributes;
    internal uint LinkCount;
    internal uint UserId;
    internal uint GroupId;
    internal ushort Mode;
    private readonly ushort _pad;
    internal ulong Inode;
    internal ulong Size;
    private fixed byte _times[136 - 48];
    internal uint DeviceMajor;
    internal uint DeviceMinor;
    private fixed byte _rest[256 - 144];
}
