using System.Globalization;

namespace SafeTensor.Tests;

/// <summary>How much memory this process had resident at most while something ran, beyond what it had before.</summary>
internal static class ResidentMemory
{
    internal static long PeakOf(Action action)
    {
        GC.Collect(2, GCCollectionMode.Aggressive);
        GC.WaitForPendingFinalizers();

        // 5 makes the kernel forget the highest resident size so far (proc(5)).
        File.WriteAllText("/proc/self/clear_refs", "5");
        var before = Status("VmRSS");
        action();
        return Status("VmHWM") - before;
    }

    internal static long Status(string field)
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(field + ":", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
