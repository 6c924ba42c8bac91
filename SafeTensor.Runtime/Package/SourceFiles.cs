namespace SafeTensor.Runtime;

/// <summary>A plain model's files, each opened once: a folder's, a tar's, where they are read in place, or a library that is all of the model.</summary>
internal sealed class SourceFiles : IDisposable
{
    private SourceFiles(string path) => Path = path;

    /// <summary>As it was given.</summary>
    internal string Path { get; }

    /// <summary>The compiled library, if there is one.</summary>
    internal PackageFile? Code { get; private set; }

    /// <summary>The graph, if there is one.</summary>
    internal PackageFile? Graph { get; private set; }

    /// <summary>The parameters, if there are any.</summary>
    internal PackageFile? Parameters { get; private set; }

    /// <summary>Of all of them, in bytes.</summary>
    internal long Length => All.Sum(file => file.Length);

    /// <summary>Which files they are, or are in.</summary>
    internal IReadOnlyCollection<FileIdentity> Identities => [.. All.Select(file => file.Identity)];

    private IEnumerable<PackageFile> All => new[] { Code, Graph, Parameters }.OfType<PackageFile>();

    /// <param name="path">A folder, a tar, or a .so.</param>
    /// <exception cref="FileNotFoundException">There is nothing at <paramref name="path"/>, or nothing of a model in it.</exception>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.ModelInvalid"/>: it is none of these, or several models.</exception>
    internal static SourceFiles Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        PackageFile.RequireNoNull(path);
        var files = new SourceFiles(path);
        try
        {
            if (Directory.Exists(path))
            {
                files.OpenFolder();
            }
            else if (!File.Exists(path))
            {
                throw SafeText.NotFound("folder and no file", path);
            }
            else if (path.EndsWith(".so", StringComparison.Ordinal))
            {
                files.Code = PackageFile.Open(path);
            }
            else
            {
                files.OpenArchive(PackageFile.Open(path));
            }

            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>What a model is called that is at <paramref name="path"/>: as its folder, or as its file without the ending.</summary>
    internal static string NameOf(string path) => Directory.Exists(path) ? System.IO.Path.GetFileName(path) : System.IO.Path.GetFileNameWithoutExtension(path);

    public void Dispose()
    {
        foreach (var file in All)
        {
            file.Dispose();
        }
    }

    private void OpenFolder()
    {
        using var folder = PackageFolder.Open(Path);
        var names = SourceNames.Choose(SafeText.EscapePath(Path), FileNames(), isArchive: false);
        if (names.Archive is { } archive)
        {
            OpenArchive(folder.OpenFile(archive));
            return;
        }

        Code = OpenIn(names.Code);
        Graph = OpenIn(names.Graph);
        Parameters = OpenIn(names.Parameters);

        PackageFile? OpenIn(string? name) => name is null ? null : folder.OpenFile(name);
    }

    private IEnumerable<string> FileNames()
    {
        try
        {
            // Other folders are none of a model's, but one that has the name of a file is not passed over: the model would be sealed without it.
            return [.. Directory.EnumerateFiles(Path).Concat(Directory.EnumerateDirectories(Path).Where(SourceNames.IsPart)).Select(System.IO.Path.GetFileName).OfType<string>()];
        }
        catch (UnauthorizedAccessException)
        {
            throw new IOException($"The folder '{SafeText.EscapePath(Path)}' cannot be read: its files may not be listed.");
        }
    }

    private void OpenArchive(PackageFile archive)
    {
        try
        {
            var members = TarArchive.Read(archive).ToDictionary(member => member.Name);
            var names = SourceNames.Choose(archive.Name, members.Keys, isArchive: true);
            Code = OpenIn(names.Code);
            Graph = OpenIn(names.Graph);
            Parameters = OpenIn(names.Parameters);

            PackageFile? OpenIn(string? name) => name is null ? null : archive.Slice($"{archive.Name}/{name}", members[name].Offset, members[name].Length);
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }
}
