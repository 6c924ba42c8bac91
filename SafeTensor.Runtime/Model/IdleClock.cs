namespace SafeTensor.Runtime;

/// <summary>When the last run of a model ended.</summary>
/// <param name="time">What tells the time.</param>
internal sealed class IdleClock(TimeProvider time)
{
    private long _lastEnd = time.GetTimestamp();

    internal TimeSpan Idle => time.GetElapsedTime(Volatile.Read(ref _lastEnd));

    internal void Touch() => Volatile.Write(ref _lastEnd, time.GetTimestamp());
}
