using SafeTensor.Native;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Bench;

/// <summary>The system's copies of a model's files in memory.</summary>
internal static class PageCache
{
    /// <summary>Reads every file of the model once.</summary>
    internal static void Fill(string folder)
    {
        var buffer = new byte[Blocks.Length];
        foreach (var path in Files(folder))
        {
            using var file = File.OpenHandle(path);
            for (long at = 0; RandomAccess.Read(file, buffer, at) is > 0 and var count; at += count)
            {
            }
        }

        // It holds weights.
        Array.Clear(buffer);
    }

    /// <summary>Forgets every file of the model, as far as it is on the disk already.</summary>
    internal static void Drop(string folder)
    {
        foreach (var path in Files(folder))
        {
            using var file = File.OpenHandle(path);
            _ = LibC.posix_fadvise((int)file.DangerousGetHandle(), 0, 0, LibC.POSIX_FADV_DONTNEED);
        }
    }

    /// <summary>Whether the files in a folder are nowhere but in memory, so that they cannot be forgotten.</summary>
    internal static bool IsAllThereIs(string folder) => new DriveInfo(folder).DriveFormat is "tmpfs" or "ramfs";

    private static IEnumerable<string> Files(string folder) => Directory.EnumerateFiles(folder).Where(SourceNames.IsPart);
}
