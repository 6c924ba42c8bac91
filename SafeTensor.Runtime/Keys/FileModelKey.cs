namespace SafeTensor.Runtime;

/// <summary>A key file, read at each use.</summary>
internal sealed class FileModelKey(string path) : ModelKey
{
    private volatile bool _disposed;

    protected internal override ValueTask UnwrapAsync(KeyRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        Unwrap(request, destination.Span);
        return ValueTask.CompletedTask;
    }

    protected internal override void Unwrap(KeyRequest request, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(ModelKey));
        using var file = PackageFile.Open(path);
        if (file.Length != Length)
        {
            throw new SafeModelException(SafeModelError.KeyUnavailable, $"The key file '{path}' has {file.Length} bytes; a key has {Length}.");
        }

        file.Read(0, destination);
    }

    protected override void Dispose(bool disposing)
    {
        _disposed = true;
        base.Dispose(disposing);
    }
}
