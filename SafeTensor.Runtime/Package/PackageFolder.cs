using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>A package's folder, opened once: whoever renames another folder to its path meanwhile changes nothing for this reader.</summary>
internal sealed class PackageFolder : IDisposable
{
    private readonly SafeFileHandle _handle;

    private PackageFolder(SafeFileHandle handle, string path)
    {
        _handle = handle;
        Path = path;
    }

    /// <summary>As it was given.</summary>
    internal string Path { get; }

    /// <exception cref="FileNotFoundException">There is no folder at <paramref name="path"/>.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    internal static PackageFolder Open(string path)
    {
        SupportedSystem.Require();
        ArgumentException.ThrowIfNullOrEmpty(path);
        PackageFile.RequireNoNull(path);
        var fd = LibC.open(path, LibC.O_PATH | LibC.O_DIRECTORY | LibC.O_CLOEXEC, 0);
        if (fd < 0)
        {
            throw CannotOpen(path, Marshal.GetLastPInvokeError());
        }

        return new PackageFolder(new SafeFileHandle(fd, ownsHandle: true), path);
    }

    /// <summary>Opens a file in it.</summary>
    /// <param name="name">Without any folder.</param>
    /// <exception cref="FolderReplacedException">It is missing, and the path names another folder by now.</exception>
    /// <inheritdoc cref="PackageFile.Open(string)" path="/exception"/>
    internal PackageFile OpenFile(string name)
    {
        var path = System.IO.Path.Combine(Path, name);
        try
        {
            return With(folder => PackageFile.Open(folder, name, path));
        }
        catch (FileNotFoundException) when (IsReplaced())
        {
            throw new FolderReplacedException(path);
        }
    }

    /// <summary>As <see cref="OpenFile"/>, or <see langword="null"/> where there is no such file.</summary>
    internal PackageFile? OpenFileIfPresent(string name)
    {
        try
        {
            return OpenFile(name);
        }
        catch (FileNotFoundException e) when (e is not FolderReplacedException)
        {
            return null;
        }
    }

    /// <summary>The same folder, to write in.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    internal FolderHandle Reopen() => With(folder => FolderHandle.Reopen(folder, Path));

    /// <summary>Whether there is something of that name, whatever it is.</summary>
    /// <exception cref="FolderReplacedException">There is none, and the path names another folder by now.</exception>
    internal bool Contains(string name) =>
        With(folder => FileIdentity.At(folder, name)) is not null || (IsReplaced() ? throw new FolderReplacedException(System.IO.Path.Combine(Path, name)) : false);

    public void Dispose() => _handle.Dispose();

    private static IOException CannotOpen(string path, int error) => error switch
    {
        LibC.ENOENT => PackageFile.Missing("folder", path),
        LibC.ENOTDIR => new FileNotFoundException($"There is no folder '{SafeText.EscapePath(path)}': what is there is not a folder.", SafeText.EscapePath(path)),
        _ => new IOException($"The folder '{SafeText.EscapePath(path)}' cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}."),
    };

    private bool IsReplaced()
    {
        try
        {
            using var now = Open(Path);
            return FileIdentity.Of(now._handle) != FileIdentity.Of(_handle);
        }
        catch (IOException)
        {
            return false;
        }
    }

    // Held meanwhile: a descriptor that is closed on another thread may be another file's at once.
    private T With<T>(Func<int, T> use)
    {
        var held = false;
        try
        {
            _handle.DangerousAddRef(ref held);
            return use((int)_handle.DangerousGetHandle());
        }
        finally
        {
            if (held)
            {
                _handle.DangerousRelease();
            }
        }
    }
}
