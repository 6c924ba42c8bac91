using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>Waits until what was written is on the disk, and hears what the disk says: .NET's own <see cref="RandomAccess.FlushToDisk"/> returns as if all were well.</summary>
internal static class DiskFlush
{
    /// <param name="handle">Of a file, or of a folder whose names were changed.</param>
    /// <param name="path">Of the same, for messages.</param>
    /// <exception cref="IOException">The disk is full after all, or broken.</exception>
    internal static void Of(SafeFileHandle handle, string path)
    {
        while (LibC.fsync((int)handle.DangerousGetHandle()) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error is LibC.EINVAL or LibC.EROFS)
            {
                // There is nothing to wait for on this file system.
                break;
            }

            if (error != LibC.EINTR)
            {
                throw new IOException($"'{SafeText.EscapePath(path)}' cannot be written: {Marshal.GetPInvokeErrorMessage(error)}.");
            }
        }

        GC.KeepAlive(handle);
    }

    /// <summary>The names in a folder, where it may be read.</summary>
    /// <inheritdoc cref="Of" path="/exception"/>
    internal static void OfFolder(string path)
    {
        using var handle = new SafeFileHandle(LibC.open(path, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC, 0), ownsHandle: true);
        if (!handle.IsInvalid)
        {
            Of(handle, path);
        }
    }
}
