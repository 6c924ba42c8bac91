namespace SafeTensor.Runtime;

/// <summary>Counts the runs under way, and keeps new ones out: while the model is suspended, and for good once it is closed.</summary>
/// <param name="resume">Called by a run that finds the model suspended; it may run when this returns.</param>
/// <param name="idle">Told of each run's end; <see langword="null"/> where nobody asks.</param>
internal sealed class RunGate(Action resume, IdleClock? idle) : IDisposable
{
    private const int Closed = 1 << 30, Suspended = 1 << 29, Runs = Suspended - 1;

    private readonly ManualResetEventSlim _empty = new();
    private int _state;

    internal bool IsClosed => (Volatile.Read(ref _state) & Closed) != 0;

    internal bool IsSuspended => (Volatile.Read(ref _state) & Suspended) != 0;

    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    internal void Enter()
    {
        while (!TryEnter())
        {
            resume();
        }
    }

    /// <returns>False where the model is suspended.</returns>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    internal bool TryEnter()
    {
        var state = Interlocked.Increment(ref _state);
        if ((state & (Closed | Suspended)) == 0)
        {
            return true;
        }

        Leave();
        ObjectDisposedException.ThrowIf((state & Closed) != 0, typeof(SafeModel));
        return false;
    }

    internal void Exit()
    {
        idle?.Touch();
        Leave();
    }

    /// <summary>No new runs from now on.</summary>
    /// <returns>False where it was closed before.</returns>
    internal bool Close() => (Interlocked.Or(ref _state, Closed) & Closed) == 0;

    /// <summary>No new runs until <see cref="Open"/>.</summary>
    internal void Suspend() => Interlocked.Or(ref _state, Suspended);

    /// <returns>False, and nothing is done, where a run is under way.</returns>
    internal bool TrySuspend() => Interlocked.CompareExchange(ref _state, Suspended, 0) == 0;

    internal void Open()
    {
        // What was resumed is idle from now on, and not since its last run.
        idle?.Touch();
        Interlocked.And(ref _state, ~Suspended);
    }

    /// <summary>Waits for the runs under way, after new ones were kept out. One thread at a time.</summary>
    internal void WaitForRuns()
    {
        while (true)
        {
            // In this order: the last run's end comes after the one or before the other.
            _empty.Reset();
            if ((Volatile.Read(ref _state) & Runs) == 0)
            {
                return;
            }

            _empty.Wait();
        }
    }

    public void Dispose() => _empty.Dispose();

    private void Leave()
    {
        var state = Interlocked.Decrement(ref _state);
        if ((state & Runs) == 0 && state != 0)
        {
            _empty.Set();
        }
    }
}
