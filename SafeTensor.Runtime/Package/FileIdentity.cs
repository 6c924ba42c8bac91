using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>Which file or folder something is, whatever its names: an inode of a device. It stays the same one's while that is open.</summary>
internal readonly record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode)
{
    /// <exception cref="IOException">The system does not tell.</exception>
    internal static FileIdentity Of(SafeFileHandle handle)
    {
        var identity = Of((int)handle.DangerousGetHandle(), "", LibC.AT_EMPTY_PATH);
        GC.KeepAlive(handle);
        return identity ?? throw new IOException($"A file that is open cannot be identified: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
    }

    /// <summary>What a path names, which may be a link; <see langword="null"/> where there is nothing, or the system does not tell.</summary>
    /// <param name="folder">A descriptor of the folder that <paramref name="path"/> is relative to; stays the caller's.</param>
    /// <param name="path">Of the file.</param>
    internal static FileIdentity? At(int folder, string path) => Of(folder, path, LibC.AT_SYMLINK_NOFOLLOW);

    private static unsafe FileIdentity? Of(int folder, string path, int flags)
    {
        FileStatus status;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            return LibC.statx(folder, name, flags, LibC.STATX_INO, &status) == 0
                ? new FileIdentity(status.DeviceMajor, status.DeviceMinor, status.Inode)
                : null;
        }
    }
}
