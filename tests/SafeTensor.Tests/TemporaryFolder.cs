namespace SafeTensor.Tests;

/// <summary>A folder of a test's own, deleted with everything in it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private const string MemoryFolder = "/dev/shm";

    internal TemporaryFolder()
        : this(Directory.CreateTempSubdirectory("safetensor-test-").FullName)
    {
    }

    private TemporaryFolder(string path) => Path = path;

    internal string Path { get; }

    internal string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>One in memory, where the system has a place for that: for files that change many thousand times.</summary>
    internal static TemporaryFolder InMemory() => Directory.Exists(MemoryFolder)
        ? new TemporaryFolder(Directory.CreateDirectory($"{MemoryFolder}/safetensor-test-{Guid.NewGuid():N}").FullName)
        : new TemporaryFolder();

    /// <summary>Copies a folder's files into a new one below this.</summary>
    internal string CopyOf(string folder, string name = "copy")
    {
        var copy = Directory.CreateDirectory(this[name]).FullName;
        foreach (var file in Directory.GetFiles(folder))
        {
            // Read and written, so that a read-only source gives a copy that a test can damage.
            File.WriteAllBytes(System.IO.Path.Combine(copy, System.IO.Path.GetFileName(file)), File.ReadAllBytes(file));
        }

        return copy;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
