using System.Globalization;

namespace SafeTensor.Cli.Bench;

/// <summary>Numbers and texts from the kernel's files of lines <c>name: value</c>, such as <c>/proc/self/status</c>.</summary>
internal static class KernelText
{
    /// <returns>In bytes; the file gives kibibytes.</returns>
    internal static long Bytes(string file, string name) =>
        long.Parse(Values(file, name).First().Split(' ')[0], CultureInfo.InvariantCulture) * 1024;

    /// <returns>The value of every such line, without what surrounds it.</returns>
    internal static IEnumerable<string> Values(string file, string name) =>
        from line in File.ReadLines(file)
        let colon = line.IndexOf(':', StringComparison.Ordinal)
        where colon >= 0 && line.AsSpan(0, colon).Trim().SequenceEqual(name)
        select line[(colon + 1)..].Trim();
}
