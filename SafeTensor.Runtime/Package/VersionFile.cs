namespace SafeTensor.Runtime;

/// <summary>A file that remembers the highest version seen of each model of each publisher, and only ever rises.</summary>
/// <remarks>
/// It is replaced as a whole, so it is read without a lock; it is raised under one, which lies beside it. No file is version 0 of everything: whoever can
/// delete it can go back. What cannot be read shows nothing, and is refused.
/// </remarks>
internal sealed class VersionFile
{
    private static readonly string[] NoPublisher = [""];
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(30);

    private readonly string _folder, _name, _shown;
    private readonly IReadOnlyList<string> _trusted;

    /// <param name="path">Where it is, or will be.</param>
    /// <param name="trusted">
    /// All publishers who are trusted. A package must be no older than what was seen of any of them: whoever strips one's signature off an old package
    /// that has several must gain nothing.
    /// </param>
    /// <exception cref="ArgumentException"><paramref name="path"/> names no file.</exception>
    internal VersionFile(string path, params IReadOnlyList<string> trusted)
    {
        PackageFile.RequireNoNull(path);
        if (Path.GetFileName(path) is "" or "." or "..")
        {
            throw new ArgumentException($"The version file is '{SafeText.EscapePath(path)}'; that names no file.", nameof(path));
        }

        if (path.EndsWith(FolderHandle.DraftEnding, StringComparison.Ordinal) || path.EndsWith(FolderHandle.LockEnding, StringComparison.Ordinal))
        {
            throw new ArgumentException($"The version file is '{SafeText.EscapePath(path)}'; names that end in .new and .lock are those of other version files' drafts and locks.", nameof(path));
        }

        var full = Path.GetFullPath(path);
        _folder = Path.GetDirectoryName(full)!;
        _name = Path.GetFileName(full);
        _shown = SafeText.EscapePath(full);
        _trusted = trusted;
    }

    /// <param name="publishers">The trusted ones who signed the package; none where none is demanded.</param>
    /// <param name="modelId">The package's model.</param>
    /// <param name="version">The package's version of it.</param>
    /// <exception cref="FileNotFoundException">The file's folder is missing.</exception>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.RolledBack"/>: it is older, or the file does not tell.</exception>
    internal void Check(IReadOnlyList<string> publishers, string modelId, ulong version)
    {
        using var folder = OpenFolder();
        RequireNotOlder(Read(folder), publishers, modelId, version);
    }

    /// <summary>Remembers a package that was accepted. Another process may have raised the file meanwhile, so it checks again.</summary>
    /// <param name="publishers">As in <see cref="Check"/>.</param>
    /// <param name="modelId">As in <see cref="Check"/>.</param>
    /// <param name="version">As in <see cref="Check"/>.</param>
    /// <param name="cancellationToken">Ends the wait for other processes.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <inheritdoc cref="Check" path="/exception"/>
    internal void Raise(IReadOnlyList<string> publishers, string modelId, ulong version, CancellationToken cancellationToken)
    {
        using var folder = OpenFolder();
        var isSeen = RequireNotOlder(Read(folder), publishers, modelId, version);
        try
        {
            if (isSeen)
            {
                // Nothing to write, so a read-only folder does. Who wrote it may not have come to its own flush yet.
                folder.Flush();
                return;
            }

            using var turn = folder.Lock(_name + FolderHandle.LockEnding, LockLimit, cancellationToken);
            var seen = Read(folder);
            if (!RequireNotOlder(seen, publishers, modelId, version))
            {
                foreach (var publisher in Known(publishers))
                {
                    seen.Raise(publisher, modelId, version);
                }

                folder.Replace(_name, seen.Encode());
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new IOException($"The version file '{_shown}' cannot remember version {version} of '{SafeText.Escape(modelId)}'. {e.Message}", e);
        }
    }

    /// <returns>Whether exactly this version is what was seen of all who signed.</returns>
    private bool RequireNotOlder(SeenVersions seen, IReadOnlyList<string> publishers, string modelId, ulong version)
    {
        var isSeen = true;
        var signers = Known(publishers);
        foreach (var publisher in signers.Union(_trusted))
        {
            var highest = seen.Of(publisher, modelId);
            if (highest > version)
            {
                var signer = publisher.Length == 0 ? "" : $" by the publisher {SafeText.Escape(publisher)}";
                throw new SafeModelException(
                    SafeModelError.RolledBack, ModelPackage.ParamsName,
                    $"is version {version} of '{SafeText.Escape(modelId)}'; the version file '{_shown}' remembers version {highest}{signer}. "
                    + "Install the newer package. To go back on purpose, delete that file.");
            }

            isSeen &= highest == version || !signers.Contains(publisher);
        }

        return isSeen;
    }

    private static IReadOnlyList<string> Known(IReadOnlyList<string> publishers) => publishers.Count > 0 ? publishers : NoPublisher;

    private FolderHandle OpenFolder()
    {
        try
        {
            return FolderHandle.Open(_folder);
        }
        catch (FileNotFoundException e)
        {
            throw new FileNotFoundException($"There is no folder for the version file '{_shown}'. Make it, and let no other program write in it.", _shown, e);
        }
        catch (IOException e)
        {
            throw Unreadable(e.Message, e);
        }
    }

    private SeenVersions Read(FolderHandle folder)
    {
        try
        {
            return folder.Read(_name, SeenVersions.MaxLength) is { } bytes ? SeenVersions.Decode(bytes) : new SeenVersions();
        }
        catch (InvalidDataException e)
        {
            throw Unreadable($"The version file '{_shown}' is damaged, or of a format that this version of SafeTensor does not know.", e);
        }
        catch (IOException e)
        {
            throw Unreadable(e.Message, e);
        }
    }

    private static SafeModelException Unreadable(string reason, Exception cause) => new(
        SafeModelError.RolledBack, ModelPackage.ParamsName,
        $"cannot be shown to be as new as what was seen before. {reason} Restore it from a backup, or delete it once the package is known to be the newest.", cause);
}
