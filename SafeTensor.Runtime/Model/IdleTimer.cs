namespace SafeTensor.Runtime;

/// <summary>Suspends a model that nobody has run for so long.</summary>
internal sealed class IdleTimer : IDisposable
{
    private readonly IdleClock _clock;
    private readonly TimeSpan _timeout;
    private readonly ITimer _timer;

    // Weakly: a running timer is never collected, and a model that nobody disposed must be.
    private readonly WeakReference<Suspension> _model;

    internal IdleTimer(Suspension model, IdleClock clock, TimeSpan timeout, TimeProvider time)
    {
        _clock = clock;
        _timeout = timeout;
        _model = new WeakReference<Suspension>(model);
        _timer = time.CreateTimer(static timer => ((IdleTimer)timer!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Wait(timeout);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        if (!_model.TryGetTarget(out var model))
        {
            _timer.Dispose();
            return;
        }

        var left = _timeout - _clock.Idle;
        if (left <= TimeSpan.Zero)
        {
            try
            {
                model.SuspendIfIdle();
            }
            catch (Exception)
            {
                // A logger's, after the weights are wiped. There is nobody here to tell, and a timer's exception would end the process.
            }

            left = _timeout;
        }

        Wait(left);
    }

    // Not before the time, which a timer may be by some of a millisecond.
    private void Wait(TimeSpan time) => _timer.Change(time + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
}
