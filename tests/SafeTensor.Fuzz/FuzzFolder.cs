namespace SafeTensor.Fuzz;

/// <summary>A folder of this process for inputs that are read as files: in memory, where the system has such a place.</summary>
internal sealed class FuzzFolder
{
    private const string InMemory = "/dev/shm";

    internal string Path { get; } =
        Directory.CreateDirectory(System.IO.Path.Combine(Directory.Exists(InMemory) ? InMemory : System.IO.Path.GetTempPath(), $"safetensor-fuzz-{Environment.ProcessId}-{Guid.NewGuid():n}")).FullName;

    /// <summary>Deleted with the process; one that is killed leaves it.</summary>
    internal FuzzFolder() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Path, recursive: true);

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
