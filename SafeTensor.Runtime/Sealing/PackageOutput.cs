using Microsoft.Win32.SafeHandles;

namespace SafeTensor.Runtime.Sealing;

/// <summary>A file of a package that is being written. Any number of threads.</summary>
internal sealed class PackageOutput : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly string _path;

    /// <exception cref="IOException">It cannot be made.</exception>
    internal PackageOutput(string path)
    {
        _handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        _path = path;
    }

    /// <exception cref="IOException">There is no room.</exception>
    internal void SetLength(long length)
    {
        try
        {
            RandomAccess.SetLength(_handle, length);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw TooLarge(length, e);
        }
    }

    /// <exception cref="IOException">There is no room.</exception>
    internal void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(_handle, bytes, offset);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw TooLarge(offset + bytes.Length, e);
        }
    }

    /// <exception cref="IOException">There is no room after all.</exception>
    internal void Flush() => DiskFlush.Of(_handle, _path);

    public void Dispose() => _handle.Dispose();

    // .NET takes the system's EFBIG for a mistake of its caller.
    private IOException TooLarge(long length, Exception cause) =>
        new($"'{SafeText.EscapePath(_path)}' cannot be written: the file system, or a limit of this process, allows no file of {length} bytes.", cause);
}
