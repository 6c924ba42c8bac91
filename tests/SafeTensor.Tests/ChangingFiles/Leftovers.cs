namespace SafeTensor.Tests;

/// <summary>What this process holds of a folder's files and of code images. A load that failed must not have added to it.</summary>
internal sealed record Leftovers(int Descriptors, int Mappings, long LockedBytes)
{
    private const string Code = "safetensor-code";

    /// <param name="folder">The folder's path.</param>
    internal static Leftovers Of(string folder) => new(
        Directory.GetFiles("/proc/self/fd").Count(fd => IsOurs(File.ResolveLinkTarget(fd, returnFinalTarget: false)?.FullName ?? "", folder)),
        File.ReadLines("/proc/self/maps").Count(line => IsOurs(line, folder)),
        ResidentMemory.Status("VmLck"));

    private static bool IsOurs(string text, string folder) =>
        text.Contains(Code, StringComparison.Ordinal) || text.Contains(folder, StringComparison.Ordinal);
}
