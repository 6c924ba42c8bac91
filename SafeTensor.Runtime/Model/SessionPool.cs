namespace SafeTensor.Runtime;

/// <summary>Executors with their buffers for the runs of one model: made on demand up to a limit, then waited for, first come first served.</summary>
internal sealed class SessionPool(Func<ModelSession> create, int limit)
{
    private readonly Lock _lock = new();
    private readonly Stack<ModelSession> _free = new();
    private readonly Queue<TaskCompletionSource<ModelSession?>> _waiting = new();
    private int _made;

    internal int Limit => limit;

    /// <summary>Blocks while all are in use.</summary>
    internal ModelSession Rent()
    {
        while (true)
        {
            if (TryRent(out var turn) is { } session || (session = turn!.Task.GetAwaiter().GetResult()) is not null)
            {
                return session;
            }
        }
    }

    /// <summary>Waits without holding a thread. The token ends the wait.</summary>
    internal async ValueTask<ModelSession> RentAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (true)
        {
            if (TryRent(out var turn) is { } session)
            {
                return session;
            }

            await using var registration = cancellationToken.Register(static (state, token) => ((TaskCompletionSource<ModelSession?>)state!).TrySetCanceled(token), turn)
                .ConfigureAwait(false);
            if (await turn!.Task.ConfigureAwait(false) is { } given)
            {
                return given;
            }

            if (cancellationToken.IsCancellationRequested)
            {
                // There is room, and it is the next one's.
                lock (_lock)
                {
                    HandOver(null);
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    internal void Return(ModelSession session)
    {
        lock (_lock)
        {
            if (!HandOver(session))
            {
                _free.Push(session);
            }
        }
    }

    /// <summary>Once no run is under way: disposes all. Later runs make new ones.</summary>
    internal void Clear()
    {
        lock (_lock)
        {
            while (_free.TryPop(out var session))
            {
                _made--;
                session.Dispose();
            }
        }
    }

    private ModelSession? TryRent(out TaskCompletionSource<ModelSession?>? turn)
    {
        turn = null;
        lock (_lock)
        {
            if (_free.TryPop(out var session))
            {
                return session;
            }

            if (_made == limit)
            {
                // Continuations elsewhere: whoever returns a session must not run somebody's code.
                turn = new TaskCompletionSource<ModelSession?>(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting.Enqueue(turn);
                return null;
            }

            _made++;
        }

        return Make();
    }

    private ModelSession Make()
    {
        try
        {
            return create();
        }
        catch
        {
            lock (_lock)
            {
                _made--;
                HandOver(null);
            }

            throw;
        }
    }

    // Null means: there is room again, try yourself.
    private bool HandOver(ModelSession? session)
    {
        while (_waiting.TryDequeue(out var turn))
        {
            if (turn.TrySetResult(session))
            {
                return true;
            }
        }

        return false;
    }
}
