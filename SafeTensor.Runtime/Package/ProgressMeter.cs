using System.Diagnostics;

namespace SafeTensor.Runtime;

/// <summary>Adds up bytes from several threads and reports them in order, at most 20 times a second, and once at the end.</summary>
internal sealed class ProgressMeter(IProgress<ModelProgress>? progress, long total)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private long _done;
    private long _lastReport;

    internal void Add(long bytes)
    {
        if (progress is null)
        {
            return;
        }

        lock (_lock)
        {
            _done += bytes;
            if (_done >= total || Stopwatch.GetElapsedTime(_lastReport) >= Interval)
            {
                _lastReport = Stopwatch.GetTimestamp();
                progress.Report(new ModelProgress(_done, total));
            }
        }
    }
}
