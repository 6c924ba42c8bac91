using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using SafeTensor.Native;

namespace SafeTensor.Runtime.Sealing;

/// <summary>A folder beside its target, which gets the target's name in one step, or is deleted.</summary>
internal sealed class StagingFolder : IDisposable
{
    /// <summary>A package's files, and what a killed signing leaves beside them.</summary>
    private static readonly string[] PackageNames =
    [
        ModelPackage.ParamsName, ModelPackage.CodeName, ModelPackage.GraphName,
        SignatureFile.Name, SignatureFile.Name + FolderHandle.DraftEnding, SignatureFile.Name + FolderHandle.LockEnding,
    ];

    private readonly string _target;
    private readonly IReadOnlyCollection<FileIdentity> _source;
    private readonly bool _overwrite;
    private readonly ILogger _logger;
    private bool _isOurs = true;

    private StagingFolder(string path, string target, IReadOnlyCollection<FileIdentity> source, bool overwrite, ILogger logger)
    {
        Path = path;
        _target = target;
        _source = source;
        _overwrite = overwrite;
        _logger = logger;
    }

    internal string Path { get; }

    /// <param name="target">The full path that it gets.</param>
    /// <param name="source">The files that are sealed into it.</param>
    /// <param name="overwrite">Whether a package that is there may go.</param>
    /// <param name="logger">Of the sealing.</param>
    /// <exception cref="IOException">The target exists and <paramref name="overwrite"/> is not set, or is not the folder of a package and of nothing else.</exception>
    internal static StagingFolder Create(string target, IReadOnlyCollection<FileIdentity> source, bool overwrite, ILogger logger)
    {
        RequireFolder(target, target);
        if (Directory.Exists(target))
        {
            if (!overwrite)
            {
                throw AlreadyExists(target);
            }

            RequirePackage(target, target, source);
        }

        var parent = System.IO.Path.GetDirectoryName(target)!;
        Directory.CreateDirectory(parent);
        var path = System.IO.Path.Combine(parent, $".{System.IO.Path.GetFileName(target)}.{Guid.NewGuid():N}.sealing");
        Directory.CreateDirectory(path);
        return new StagingFolder(path, target, source, overwrite, logger);
    }

    /// <summary>Gives the folder its name; what had it before goes.</summary>
    internal void Commit()
    {
        // The names of its files must be on the disk before it has its own.
        using (var folder = FolderHandle.Open(Path))
        {
            folder.Flush();
        }

        if (Rename(LibC.RENAME_NOREPLACE))
        {
            return;
        }

        if (!_overwrite || !Rename(LibC.RENAME_EXCHANGE))
        {
            throw Marshal.GetLastPInvokeError() == LibC.EEXIST
                ? AlreadyExists(_target)
                : new IOException($"'{SafeText.EscapePath(Path)}' cannot be renamed to '{SafeText.EscapePath(_target)}': {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
        }

        try
        {
            // What had the name now may not be what had it when sealing began.
            RequireFolder(Path, _target);
            RequirePackage(Path, _target, _source);
        }
        catch
        {
            _isOurs = Rename(LibC.RENAME_EXCHANGE);
            throw;
        }
    }

    /// <summary>Deletes what still has the staging name: an unfinished package, or the one that was replaced.</summary>
    public void Dispose()
    {
        try
        {
            if (_isOurs && Directory.Exists(Path))
            {
                // One by one, so that nothing goes that came there since it was looked at.
                foreach (var name in PackageNames)
                {
                    File.Delete(System.IO.Path.Combine(Path, name));
                }

                Directory.Delete(Path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The package has its name, or did not get it for a reason that the caller must hear: what is left over must not hide that.
            SealLog.LeftBehind(_logger, SafeText.EscapePath(Path), SafeText.EscapePath(e.Message));
        }
    }

    private bool Rename(uint flags) => LibC.renameat2(LibC.AT_FDCWD, Path, LibC.AT_FDCWD, _target, flags) == 0;

    // A link is not replaced, since what it stands for would stay, and not followed, since a rename does not follow it.
    private static void RequireFolder(string folder, string name)
    {
        if (new FileInfo(folder).LinkTarget is not null)
        {
            throw new IOException($"'{SafeText.EscapePath(name)}' is a symbolic link. Name the folder that it stands for.");
        }

        if (File.Exists(folder))
        {
            throw new IOException($"'{SafeText.EscapePath(name)}' is a file. Name a folder for the package.");
        }
    }

    // Overwriting is for packages: a slip of the hand must not cost a folder of something else, least of all an unprotected model, which may be the only one.
    private static void RequirePackage(string folder, string name, IReadOnlyCollection<FileIdentity> source)
    {
        if (!Directory.EnumerateFileSystemEntries(folder).Any())
        {
            return;
        }

        if (!File.Exists(System.IO.Path.Combine(folder, ModelPackage.ParamsName)))
        {
            throw new IOException($"'{SafeText.EscapePath(name)}' is no package (it has files, and no {ModelPackage.ParamsName}), so it is not overwritten. Name another folder.");
        }

        try
        {
            SealedParams.Open(folder).Dispose();
        }
        catch (SafeModelException e) when (e.Error == SafeModelError.NotEncrypted)
        {
            throw new IOException($"'{SafeText.EscapePath(name)}' is an unprotected model, so it is not overwritten. Name another folder.", e);
        }
        catch (SafeModelException)
        {
            // A damaged package, or one of a later version, may go.
        }

        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo || !PackageNames.Contains(entry.Name))
            {
                throw new IOException(
                    $"'{SafeText.EscapePath(name)}' holds '{SafeText.Escape(entry.Name)}', which is no file of a package, so it is not overwritten. Move that away, or name another folder.");
            }

            if (FileIdentity.At(LibC.AT_FDCWD, entry.FullName) is { } identity && source.Contains(identity))
            {
                throw new IOException(
                    $"'{SafeText.EscapePath(name)}' holds '{SafeText.Escape(entry.Name)}', which is to be sealed, so it is not overwritten. Name another folder.");
            }
        }
    }

    private static IOException AlreadyExists(string target) => new($"'{SafeText.EscapePath(target)}' exists already. Name another folder, or set Overwrite.");
}
