namespace SafeTensor.Runtime;

/// <summary>Locked memory for one raw key: <c>memfd_secret</c> where the kernel has it.</summary>
internal static class KeyPage
{
    internal static ProtectedMemory Create() => ProtectedMemory.Reserve(ModelKey.Length, MemoryKind.SecretIfAvailable);

    /// <summary>Reads a key that is all of a stream.</summary>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.KeyUnavailable"/>: it holds more or fewer bytes.</exception>
    internal static void Fill(Stream stream, Span<byte> key, string source)
    {
        var count = stream.ReadAtLeast(key, key.Length, throwOnEndOfStream: false);
        Span<byte> more = stackalloc byte[1];
        if (count < key.Length)
        {
            throw new SafeModelException(SafeModelError.KeyUnavailable, $"{source} has {count} bytes; a key has {key.Length}.");
        }

        if (stream.Read(more) != 0)
        {
            throw new SafeModelException(SafeModelError.KeyUnavailable, $"{source} has more than the {key.Length} bytes of a key.");
        }
    }

    /// <summary>Asks <paramref name="key"/> for the key of a package; the caller's.</summary>
    /// <param name="key">Held while it is asked.</param>
    /// <param name="request">Which package it is for.</param>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.KeyUnavailable"/>.</exception>
    internal static ProtectedMemory Unwrap(HeldKey key, KeyRequest request)
    {
        var page = Create();
        try
        {
            key.Key.Unwrap(request, page.Span);
            return page;
        }
        catch (Exception e)
        {
            page.Dispose();
            if (IsMisuse(e))
            {
                throw;
            }

            throw Unavailable(key.Key, e);
        }
    }

    /// <inheritdoc cref="Unwrap"/>
    internal static async Task<ProtectedMemory> UnwrapAsync(HeldKey key, KeyRequest request, CancellationToken cancellationToken)
    {
        var page = Create();
        try
        {
            using var destination = new RevocableMemory(page);
            await key.Key.UnwrapAsync(request, destination.Memory, cancellationToken).ConfigureAwait(false);
            return page;
        }
        catch (Exception e)
        {
            page.Dispose();
            if (IsMisuse(e) || (e is OperationCanceledException && cancellationToken.IsCancellationRequested))
            {
                throw;
            }

            throw Unavailable(key.Key, e);
        }
    }

    // What already says it well enough: a missing file, a disposed key, a key of the wrong kind.
    private static bool IsMisuse(Exception e) => e is SafeModelException or FileNotFoundException or ObjectDisposedException or NotSupportedException;

    private static SafeModelException Unavailable(ModelKey key, Exception cause) => new(
        SafeModelError.KeyUnavailable, $"{key.GetType().Name} gave no key: {SafeText.Escape(cause.Message)}", cause);
}
