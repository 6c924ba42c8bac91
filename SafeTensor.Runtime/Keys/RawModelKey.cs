namespace SafeTensor.Runtime;

/// <summary>A model key in a page of its own.</summary>
internal sealed class RawModelKey(ProtectedMemory page) : ModelKey
{
    protected internal override ValueTask UnwrapAsync(KeyRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        Unwrap(request, destination.Span);
        return ValueTask.CompletedTask;
    }

    protected internal override void Unwrap(KeyRequest request, Span<byte> destination)
    {
        // Held for the copy, so that a Dispose on another thread cannot unmap the page under it.
        var held = false;
        try
        {
            page.DangerousAddRef(ref held);
            page.Span.CopyTo(destination);
        }
        finally
        {
            if (held)
            {
                page.DangerousRelease();
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        page.Dispose();
        base.Dispose(disposing);
    }
}
