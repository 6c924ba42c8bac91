namespace SafeTensor.Runtime;

/// <summary>Counts the runs under way, and closes: no new ones, and a wait for the last.</summary>
internal sealed class RunGate : IDisposable
{
    private const int Closed = 1 << 30;

    private readonly ManualResetEventSlim _empty = new();
    private int _runs;

    internal bool IsClosed => (Volatile.Read(ref _runs) & Closed) != 0;

    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    internal void Enter()
    {
        if ((Interlocked.Increment(ref _runs) & Closed) != 0)
        {
            Exit();
            throw new ObjectDisposedException(nameof(SafeModel));
        }
    }

    internal void Exit()
    {
        if (Interlocked.Decrement(ref _runs) == Closed)
        {
            _empty.Set();
        }
    }

    /// <returns>False where it was closed before.</returns>
    internal bool Close()
    {
        if ((Interlocked.Or(ref _runs, Closed) & Closed) != 0)
        {
            return false;
        }

        if (Volatile.Read(ref _runs) != Closed)
        {
            _empty.Wait();
        }

        return true;
    }

    public void Dispose() => _empty.Dispose();
}
