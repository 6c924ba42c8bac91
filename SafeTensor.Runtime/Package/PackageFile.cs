using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>A model's file, opened once. Its bytes are read with <c>pread</c>, each once, and never mapped.</summary>
internal sealed unsafe class PackageFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    private PackageFile(SafeFileHandle handle, string name, long length)
    {
        _handle = handle;
        Name = name;
        Length = length;
    }

    /// <summary>The file's name without its folder, for messages.</summary>
    internal string Name { get; }

    /// <summary>In bytes, when it was opened.</summary>
    internal long Length { get; }

    /// <exception cref="FileNotFoundException">There is none at <paramref name="path"/>.</exception>
    /// <exception cref="IOException">It cannot be read, or is no regular file.</exception>
    internal static PackageFile Open(string path) => Open(LibC.AT_FDCWD, path, path);

    /// <param name="folder">A folder's descriptor, which <paramref name="name"/> is relative to.</param>
    /// <param name="name">Of the file.</param>
    /// <param name="path">The same for messages.</param>
    /// <inheritdoc cref="Open(string)" path="/exception"/>
    internal static PackageFile Open(int folder, string name, string path)
    {
        SupportedSystem.Require();
        RequireNoNull(path);

        // O_NONBLOCK: opening a FIFO that somebody put there must not wait for its writer.
        var fd = LibC.openat(folder, name, LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0);
        if (fd < 0)
        {
            throw CannotOpen(path, Marshal.GetLastPInvokeError());
        }

        var handle = new SafeFileHandle(fd, ownsHandle: true);
        FileStatus status;
        fixed (byte* empty = "\0"u8)
        {
            if (LibC.statx(fd, empty, LibC.AT_EMPTY_PATH, LibC.STATX_TYPE | LibC.STATX_SIZE, &status) != 0
                || (status.Mode & LibC.S_IFMT) != LibC.S_IFREG)
            {
                handle.Dispose();
                throw new IOException($"'{path}' is not a regular file.");
            }
        }

        return new PackageFile(handle, Path.GetFileName(path), (long)status.Size);
    }

    /// <exception cref="ArgumentException">The system would open what stands before a null character.</exception>
    internal static void RequireNoNull(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException($"The path '{SafeText.Escape(path)}' holds a null character.", nameof(path));
        }
    }

    /// <summary>Fills <paramref name="destination"/> from <paramref name="offset"/> on. Any number of threads.</summary>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.Tampered"/>: the file ends before that.</exception>
    internal void Read(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            var count = RandomAccess.Read(_handle, destination, offset);
            if (count == 0)
            {
                throw new SafeModelException(
                    SafeModelError.Tampered, Name, $"ends at byte {offset}, {destination.Length} bytes short. Copy the whole file again.");
            }

            destination = destination[count..];
            offset += count;
        }
    }

    /// <exception cref="SafeModelException"><see cref="SafeModelError.LimitExceeded"/>: a number that the file gives is above its limit.</exception>
    internal void RequireAtMost(string what, ulong value, long limit)
    {
        if (value > (ulong)limit)
        {
            throw new SafeModelException(SafeModelError.LimitExceeded, Name, $"has {value} {what}; the limit is {limit}.");
        }
    }

    public void Dispose() => _handle.Dispose();

    private static IOException CannotOpen(string path, int error) => error switch
    {
        LibC.ENOENT or LibC.ENOTDIR => new FileNotFoundException($"There is no file '{path}'.", path),
        _ => new IOException($"'{path}' cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}."),
    };
}
