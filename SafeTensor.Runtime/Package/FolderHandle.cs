using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>A folder held open, for small files that are read and replaced as a whole. Whatever its path comes to name, all of it happens in this one.</summary>
internal sealed unsafe class FolderHandle : IDisposable
{
    /// <summary>What a new file may be: its owner's alone, or as readable as the process's umask lets it be.</summary>
    internal const uint OwnersAlone = 0b110_000_000, AsUmask = 0b110_110_110;

    /// <summary>Of what it writes beside a file: what is left where a process is killed.</summary>
    internal const string DraftEnding = ".new", LockEnding = ".lock";

    private readonly SafeFileHandle _handle;
    private readonly string _path;

    private FolderHandle(SafeFileHandle handle, string path)
    {
        _handle = handle;
        _path = path;
    }

    private int Descriptor => (int)_handle.DangerousGetHandle();

    /// <exception cref="FileNotFoundException">There is no folder at <paramref name="path"/>.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    internal static FolderHandle Open(string path)
    {
        SupportedSystem.Require();
        var fd = LibC.open(path, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC, 0);
        return fd >= 0 ? new FolderHandle(new SafeFileHandle(fd, ownsHandle: true), path)
            : Marshal.GetLastPInvokeError() is LibC.ENOENT or LibC.ENOTDIR ? throw SafeText.NotFound("folder", path)
            : throw Failed(SafeText.EscapePath(path), "be opened");
    }

    /// <param name="folder">A descriptor of the folder, for whatever it was opened; stays the caller's.</param>
    /// <param name="path">Of the folder, for messages.</param>
    /// <exception cref="IOException">It cannot be opened.</exception>
    internal static FolderHandle Reopen(int folder, string path)
    {
        var fd = LibC.openat(folder, ".", LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC, 0);
        return fd >= 0 ? new FolderHandle(new SafeFileHandle(fd, ownsHandle: true), path) : throw Failed(SafeText.EscapePath(path), "be opened");
    }

    /// <summary>A file's contents; <see langword="null"/> where there is none of that name.</summary>
    /// <exception cref="IOException">It is longer than <paramref name="limit"/>, is no regular file, or cannot be read.</exception>
    internal byte[]? Read(string name, int limit)
    {
        using var file = OpenFile(name, LibC.O_RDONLY);
        if (file is null)
        {
            return null;
        }

        var length = RandomAccess.GetLength(file);
        if (length > limit)
        {
            throw new IOException($"'{Shown(name)}' has {length} bytes; the limit is {limit}.");
        }

        // What grows or shrinks meanwhile was not written by Replace; its contents are then refused by whoever asked for them.
        var bytes = new byte[length];
        var read = 0;
        while (read < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(read), read) is var count and > 0)
        {
            read += count;
        }

        return bytes[..read];
    }

    /// <summary>Gives a file new contents: at any moment, and after a crash, it has the old ones or the new ones. One at a time.</summary>
    /// <param name="name">Of the file.</param>
    /// <param name="contents">The new ones.</param>
    /// <param name="mode"><see cref="OwnersAlone"/> or <see cref="AsUmask"/>.</param>
    /// <exception cref="IOException">It cannot be written, and has its old contents.</exception>
    internal void Replace(string name, ReadOnlySpan<byte> contents, uint mode = OwnersAlone)
    {
        // Of a fixed name, so that the ones which killed processes leave do not accumulate. Deleted first, so that whatever has that name is not written through.
        var draft = name + DraftEnding;
        if (LibC.unlinkat(Descriptor, draft, flags: 0) != 0 && Marshal.GetLastPInvokeError() != LibC.ENOENT)
        {
            throw Failed(Shown(draft), "be deleted");
        }

        try
        {
            using (var file = OpenFile(draft, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_EXCL, mode)!)
            {
                Write(file, contents, draft);
                DiskFlush.Of(file, Path.Combine(_path, draft));
            }

            if (LibC.renameat2(Descriptor, draft, Descriptor, name, flags: 0) != 0)
            {
                throw Failed(Shown(draft), $"be renamed to '{SafeText.Escape(name)}'");
            }
        }
        catch
        {
            // Makes room on a full disk; where it cannot, the next draft replaces this one.
            _ = LibC.unlinkat(Descriptor, draft, flags: 0);
            throw;
        }

        Flush();
    }

    /// <summary>Waits until names that were given in the folder would survive a loss of power.</summary>
    /// <exception cref="IOException">They would not.</exception>
    internal void Flush() => DiskFlush.Of(_handle, _path);

    /// <summary>Waits for a lock that other processes and threads may have; the file of that name is nothing else.</summary>
    /// <exception cref="IOException">It cannot be had, or not within <paramref name="limit"/>.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal FileLock Lock(string name, TimeSpan limit, CancellationToken cancellationToken) =>
        Lock(OpenFile(name, LibC.O_RDWR | LibC.O_CREAT)!, Shown(name), limit, cancellationToken);

    /// <summary>As <see cref="Lock(string, TimeSpan, CancellationToken)"/>, and the file is deleted with the lock. Whoever may not write it cannot hold it.</summary>
    /// <inheritdoc cref="Lock(string, TimeSpan, CancellationToken)" path="/exception"/>
    internal FileLock LockBriefly(string name, TimeSpan limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            var file = OpenFile(name, LibC.O_RDWR | LibC.O_CREAT)!;
            var taken = Lock(file, Shown(name), limit, cancellationToken);

            // Whoever had the lock before deleted the file, and the next one makes another.
            if (FileIdentity.At(Descriptor, name) == FileIdentity.Of(file))
            {
                taken.AtEnd = () => _ = LibC.unlinkat(Descriptor, name, flags: 0);
                return taken;
            }

            taken.Dispose();
        }
    }

    private static FileLock Lock(SafeFileHandle file, string path, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            return FileLock.Take(file, path, limit, cancellationToken);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _handle.Dispose();

    // O_NONBLOCK: a FIFO of that name must not make it wait. Null only where the file is absent and not to be created.
    private SafeFileHandle? OpenFile(string name, int flags, uint mode = OwnersAlone)
    {
        var fd = LibC.openat(Descriptor, name, flags | LibC.O_NOFOLLOW | LibC.O_NONBLOCK | LibC.O_CLOEXEC, mode);
        if (fd < 0)
        {
            return Marshal.GetLastPInvokeError() switch
            {
                LibC.ENOENT when flags == LibC.O_RDONLY => null,
                LibC.ELOOP => throw new IOException($"'{Shown(name)}' is a symbolic link; the file itself must be named."),
                _ => throw Failed(Shown(name), "be opened"),
            };
        }

        var file = new SafeFileHandle(fd, ownsHandle: true);
        FileStatus status;
        fixed (byte* empty = "\0"u8)
        {
            if (LibC.statx(fd, empty, LibC.AT_EMPTY_PATH, LibC.STATX_TYPE, &status) != 0 || (status.Mode & LibC.S_IFMT) != LibC.S_IFREG)
            {
                file.Dispose();
                throw new IOException($"'{Shown(name)}' is not a regular file.");
            }
        }

        return file;
    }

    private void Write(SafeFileHandle file, ReadOnlySpan<byte> contents, string name)
    {
        try
        {
            RandomAccess.Write(file, contents, fileOffset: 0);
        }
        catch (IOException e)
        {
            // .NET does not know what it writes to.
            throw new IOException($"'{Shown(name)}' cannot be written: {e.Message}.", e);
        }
    }

    private string Shown(string name) => SafeText.EscapePath(Path.Combine(_path, name));

    private static IOException Failed(string path, string what) =>
        new($"'{path}' cannot {what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
}
