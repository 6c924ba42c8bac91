using System.Runtime.InteropServices;

namespace SafeTensor.Tests;

/// <summary>Processor time of the calling thread alone: what other threads and other processes do does not count.</summary>
internal static unsafe partial class ThreadTime
{
    private const int ThreadCpuTime = 3;

    internal static TimeSpan Of(Action action)
    {
        var before = Now();
        action();
        return Now() - before;
    }

    private static TimeSpan Now()
    {
        // Seconds and nanoseconds.
        var time = stackalloc long[2];
        _ = clock_gettime(ThreadCpuTime, time);
        return TimeSpan.FromSeconds(time[0]) + TimeSpan.FromTicks(time[1] / TimeSpan.NanosecondsPerTick);
    }

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, long* time);
}
