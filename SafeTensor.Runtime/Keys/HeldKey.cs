namespace SafeTensor.Runtime;

/// <summary>A reference to a key, which lives until the last one is disposed: so whoever needs the key again need not care when its owner is done.</summary>
internal sealed class HeldKey : IDisposable
{
    private int _released;

    /// <exception cref="ObjectDisposedException">The owner has disposed of it.</exception>
    internal HeldKey(ModelKey key)
    {
        key.AddReference();
        Key = key;
    }

    internal ModelKey Key { get; }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
        {
            Key.Release();
        }
    }
}
