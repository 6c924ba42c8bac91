using System.Security.Cryptography;

namespace SafeTensor.Runtime;

/// <summary>What unlocks a model. A key of your own key service is a subclass of a few lines.</summary>
/// <remarks>
/// Thread-safe. The library's copies of a key are in locked pages outside the managed heap and are zeroed after use; none can be
/// read back. <c>ToString</c> shows no key.
/// </remarks>
public abstract class ModelKey : IDisposable
{
    private int _references = 1;
    private int _isDisposed;

    /// <summary>For subclasses.</summary>
    protected ModelKey()
    {
    }

    /// <summary>A model key that the program has.</summary>
    /// <param name="key"><see cref="Length"/> bytes, copied to a locked page; zero yours with <see cref="CryptographicOperations.ZeroMemory"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> has another length.</exception>
    public static ModelKey FromBytes(ReadOnlySpan<byte> key)
    {
        RequireLength(key.Length, nameof(key));
        var page = KeyPage.Create();
        key.CopyTo(page.Span);
        return new RawModelKey(page);
    }

    /// <summary>A file of exactly 32 bytes, read at each load straight into a locked page.</summary>
    /// <param name="path">The file; it need not exist before the first load.</param>
    public static ModelKey FromFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new FileModelKey(path);
    }

    /// <summary>Reads 32 bytes now, to the stream's end: for standard input.</summary>
    /// <param name="stream">Stays the caller's.</param>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.KeyUnavailable"/>: it holds more or fewer bytes.</exception>
    public static ModelKey FromStream(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var page = KeyPage.Create();
        try
        {
            KeyPage.Fill(stream, page.Span, "The stream");
            return new RawModelKey(page);
        }
        catch
        {
            page.Dispose();
            throw;
        }
    }

    /// <summary>An environment variable with the key as base64 or hexadecimal, read now from the process's native block.</summary>
    /// <param name="variable">Its name. The variable itself stays readable to this process, its children and root: prefer a file.</param>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.KeyUnavailable"/>: it is not set, or holds no key.</exception>
    public static ModelKey FromEnvironment(string variable)
    {
        ArgumentException.ThrowIfNullOrEmpty(variable);
        var page = KeyPage.Create();
        try
        {
            EnvironmentKey.Read(variable, page.Span);
            return new RawModelKey(page);
        }
        catch
        {
            page.Dispose();
            throw;
        }
    }

    /// <summary>Makes a new random key and its file, readable by its owner alone.</summary>
    /// <param name="path">The new file, of 32 bytes and mode 0600.</param>
    /// <exception cref="IOException">There already is a file, which is left as it is, or it cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written to.</exception>
    public static ModelKey CreateFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var page = KeyPage.Create();
        try
        {
            RandomNumberGenerator.Fill(page.Span);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var file = new FileStream(path, options);
            try
            {
                RandomAccess.Write(file.SafeFileHandle, page.Span, fileOffset: 0);
                DiskFlush.Of(file.SafeFileHandle, path);
                DiskFlush.OfFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
            }
            catch
            {
                // Half a key must not be taken for one, nor stand in a next one's way.
                File.Delete(path);
                throw;
            }

            return new RawModelKey(page);
        }
        catch
        {
            page.Dispose();
            throw;
        }
    }

    /// <summary>Of a raw key, in bytes.</summary>
    internal const int Length = 32;

    /// <summary>Whether only those who have this key can make packages for it: so of shared secrets, and not of a private key's other half.</summary>
    internal virtual bool AuthenticatesSender => true;

    /// <summary>Writes the model key, 32 bytes.</summary>
    /// <param name="request">Which package it is for.</param>
    /// <param name="destination">32 bytes in a locked page, which is revoked when the task ends: a reference kept longer throws.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when the key is written. What it throws becomes <see cref="SafeModelError.KeyUnavailable"/> with the cause inside.</returns>
    protected internal abstract ValueTask UnwrapAsync(KeyRequest request, Memory<byte> destination, CancellationToken cancellationToken);

    /// <summary>As <see cref="UnwrapAsync"/>, for keys that need not wait.</summary>
    /// <param name="request">Which package it is for.</param>
    /// <param name="destination">32 bytes in a locked page.</param>
    /// <exception cref="NotSupportedException">This key unlocks only asynchronously.</exception>
    protected internal virtual void Unwrap(KeyRequest request, Span<byte> destination) =>
        throw new NotSupportedException($"{GetType().Name} unlocks only asynchronously: use SafeModel.LoadAsync.");

    /// <summary>Ends the caller's use. The library's copy is zeroed when the last model that needs it to resume is disposed too: in any order.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Release();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>For subclasses: releases what they hold. Called once, after the last use.</summary>
    /// <param name="disposing">Whether it comes from a <see cref="Dispose()"/>, and from no finalizer.</param>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    internal void AddReference()
    {
        for (var count = Volatile.Read(ref _references); ; count = Volatile.Read(ref _references))
        {
            ObjectDisposedException.ThrowIf(count == 0 || Volatile.Read(ref _isDisposed) != 0, typeof(ModelKey));
            if (Interlocked.CompareExchange(ref _references, count + 1, count) == count)
            {
                return;
            }
        }
    }

    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            Dispose(disposing: true);
        }
    }

    internal static void RequireLength(int length, string parameter)
    {
        if (length != Length)
        {
            throw new ArgumentException($"A key has {Length} bytes; this one has {length}.", parameter);
        }
    }
}
