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

        // Without a buffer of its own, so that the bytes go straight into the page.
        var options = new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, BufferSize = 0 };
        FileStream file;
        try
        {
            file = new FileStream(path, options);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // .NET's own words have the path as it is.
            throw SafeText.NotFound("key file", path);
        }

        using (file)
        {
            KeyPage.Fill(file, destination, $"The key file '{SafeText.EscapePath(path)}'");
        }
    }

    protected override void Dispose(bool disposing)
    {
        _disposed = true;
        base.Dispose(disposing);
    }
}
