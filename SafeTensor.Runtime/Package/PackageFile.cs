using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>A model's file, opened once. Its bytes are read with <c>pread</c>, each once, and never mapped.</summary>
internal sealed unsafe class PackageFile : IDisposable
{
    /// <summary>How far before a read that had to wait the system is told of the next ones, and how often. In bytes.</summary>
    private const long ReadAhead = 16 << 20, ReadAheadStep = 4 << 20;

    private readonly SafeFileHandle _handle;
    private readonly long _start;
    private long _announced;

    private PackageFile(SafeFileHandle handle, string name, long start, long length)
    {
        _handle = handle;
        _start = start;
        Name = SafeText.Escape(name);
        Length = length;
    }

    /// <summary>The file's name without its folder, escaped, for messages.</summary>
    internal string Name { get; }

    /// <summary>In bytes, when it was opened.</summary>
    internal long Length { get; }

    /// <summary>Of what is open, which for a slice is the whole.</summary>
    internal FileIdentity Identity => FileIdentity.Of(_handle);

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
                throw NotRegular(path);
            }
        }

        return new PackageFile(handle, Path.GetFileName(path), start: 0, (long)status.Size);
    }

    /// <exception cref="ArgumentException">The system would open what stands before a null character.</exception>
    internal static void RequireNoNull(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException($"The path '{SafeText.EscapePath(path)}' holds a null character.", nameof(path));
        }
    }

    /// <summary>A part of it as a file of its own, read where it is. It has this file's descriptor: disposing of either disposes of both.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="offset">Of its first byte in here.</param>
    /// <param name="length">In bytes; not beyond this file's end.</param>
    internal PackageFile Slice(string name, long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        return new PackageFile(_handle, name, _start + offset, length);
    }

    /// <summary>As <see cref="Read"/>, if that needs no wait for a disk or a network.</summary>
    /// <returns>Whether all of it was read; if not, <paramref name="destination"/> may hold some of it.</returns>
    internal bool TryRead(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (offset > Length - destination.Length)
        {
            return false;
        }

        fixed (byte* start = destination)
        {
            var vector = new IoVector { Base = start, Length = (nuint)destination.Length };
            var count = LibC.preadv2((int)_handle.DangerousGetHandle(), &vector, 1, _start + offset, LibC.RWF_NOWAIT);
            GC.KeepAlive(this);
            return count == destination.Length;
        }
    }

    /// <summary>Fills <paramref name="destination"/> from <paramref name="offset"/> on. Any number of threads.</summary>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.Tampered"/>: the file ends before that.</exception>
    internal void Read(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        Announce(offset);
        while (!destination.IsEmpty)
        {
            // Behind a slice is what does not belong to it, and what a file has grown by was in none of its checks.
            var available = (int)Math.Clamp(Length - offset, 0, destination.Length);
            var count = available == 0 ? 0 : RandomAccess.Read(_handle, destination[..available], _start + offset);
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

    // A disk that has several requests is faster than one that gets the next when the last was served. An answer is not needed: it is advice.
    private void Announce(long offset)
    {
        var announced = Volatile.Read(ref _announced);
        var from = Math.Max(offset, announced);
        var until = Math.Min(offset + ReadAhead, Length);
        if (until - from >= ReadAheadStep && Interlocked.CompareExchange(ref _announced, until, announced) == announced)
        {
            _ = LibC.posix_fadvise((int)_handle.DangerousGetHandle(), _start + from, until - from, LibC.POSIX_FADV_WILLNEED);
            GC.KeepAlive(this);
        }
    }

    /// <summary>The exception for what is not there, also where there is a link to it.</summary>
    /// <param name="what">What it should be, as in <c>folder</c>.</param>
    /// <param name="path">Where it should be.</param>
    internal static FileNotFoundException Missing(string what, string path) => new FileInfo(path).LinkTarget is { } target
        ? new FileNotFoundException(
            $"There is no {what} '{SafeText.EscapePath(path)}': it is a symbolic link to '{SafeText.EscapePath(target)}', which is not there.", SafeText.EscapePath(path))
        : SafeText.NotFound(what, path);

    private static IOException NotRegular(string path) => new($"'{SafeText.EscapePath(path)}' is not a regular file.");

    private static IOException CannotOpen(string path, int error) => error switch
    {
        LibC.ENOENT or LibC.ENOTDIR => Missing("file", path),

        // A socket has no driver to open it.
        LibC.ENXIO => NotRegular(path),
        _ => new IOException($"'{SafeText.EscapePath(path)}' cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}."),
    };
}
