using System.Globalization;

namespace SafeTensor.Fuzz;

/// <summary>A folder of this process for inputs that are read as files: in memory, where the system has such a place.</summary>
internal sealed class FuzzFolder
{
    private const string Prefix = "safetensor-fuzz-", InMemory = "/dev/shm";

    private static readonly string Parent = Directory.Exists(InMemory) ? InMemory : System.IO.Path.GetTempPath();

    /// <summary>Deleted with the process.</summary>
    internal FuzzFolder()
    {
        Path = Directory.CreateDirectory(System.IO.Path.Combine(Parent, $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid():n}")).FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Path, recursive: true);
    }

    internal string Path { get; }

    /// <summary>Deletes what processes left that were killed, which is how afl-fuzz ends one.</summary>
    internal static void DeleteLeft()
    {
        foreach (var folder in Directory.GetDirectories(Parent, Prefix + "*"))
        {
            var process = System.IO.Path.GetFileName(folder)[Prefix.Length..].Split('-')[0];
            if (int.TryParse(process, CultureInfo.InvariantCulture, out _) && !Directory.Exists($"/proc/{process}"))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    /// <returns>The file's path.</returns>
    internal string Write(string name, ReadOnlySpan<byte> bytes)
    {
        var path = System.IO.Path.Combine(Path, name);
        using var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write);
        RandomAccess.Write(file, bytes, 0);
        RandomAccess.SetLength(file, bytes.Length);
        return path;
    }
}
