using System.Globalization;

namespace SafeTensor.Runtime;

/// <summary>How much memory is to be had without swapping or being killed.</summary>
internal static class FreeMemory
{
    /// <summary>Looks before a model is read that would not fit: half-way, the kernel would rather kill a process than say no.</summary>
    /// <exception cref="InsufficientMemoryException">There is less.</exception>
    internal static void Require(long bytes)
    {
        // What is so small is had by reclaiming something.
        const long small = 64 << 20;
        if (bytes > small && Available() is { } available && bytes > available)
        {
            throw new InsufficientMemoryException(
                $"The model's weights take {bytes} bytes; {available} are available to this process. Free memory, or raise its container's limit.");
        }
    }

    /// <summary>In bytes, of the machine and of every control group that this process is in; <see langword="null"/> where the system does not tell.</summary>
    private static long? Available()
    {
        var machine = Value("/proc/meminfo", "MemAvailable:") * 1024;
        var groups = Read("/proc/self/cgroup").Split('\n');
        return Least(machine, Least(Within("/sys/fs/cgroup", "0::", "max", "current", "file "), Within("/sys/fs/cgroup/memory", ":memory:", "limit_in_bytes", "usage_in_bytes", "cache ")));

        // From the process's own group to the outermost that is seen here: in a container these are the container's.
        long? Within(string mount, string mark, string limit, string usage, string cache)
        {
            long? least = null;
            var own = groups.FirstOrDefault(line => line.Contains(mark, StringComparison.Ordinal));
            for (var group = own is null ? null : (mount + own[(own.IndexOf(mark, StringComparison.Ordinal) + mark.Length)..]).TrimEnd('/');
                group?.Length >= mount.Length;
                group = Path.GetDirectoryName(group))
            {
                // Pages of files count as used, and are given up first.
                least = Least(least, Number(Read($"{group}/memory.{limit}")) - Number(Read($"{group}/memory.{usage}")) + Value($"{group}/memory.stat", cache));
            }

            return least;
        }
    }

    private static long? Least(long? a, long? b) => a is null || b < a ? b : a;

    private static long? Value(string path, string name) =>
        Read(path).Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
            ? Number(line[name.Length..].Replace("kB", "", StringComparison.Ordinal))
            : null;

    // "max" is no number.
    private static long? Number(string text) => long.TryParse(text, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
