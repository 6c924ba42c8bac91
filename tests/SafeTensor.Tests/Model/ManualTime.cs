namespace SafeTensor.Tests;

/// <summary>A clock that the test moves, and one timer that fires on it, on the thread that moves it.</summary>
internal sealed class ManualTime : TimeProvider
{
    private TimeSpan _now;
    private Timer? _timer;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _timer = new Timer(this, () => callback(state));

    internal void Advance(TimeSpan time)
    {
        var end = _now + time;
        while (_timer?.Due <= end)
        {
            _now = _timer.Due.Value;
            _timer.Fire();
        }

        _now = end;
    }

    private sealed class Timer(ManualTime time, Action callback) : ITimer
    {
        internal TimeSpan? Due { get; private set; }

        internal void Fire()
        {
            Due = null;
            callback();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime == Timeout.InfiniteTimeSpan ? null : time._now + dueTime;
            return true;
        }

        public void Dispose() => Due = null;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
