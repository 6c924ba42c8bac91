using System.Runtime.InteropServices;
using SafeTensor.Native;

namespace SafeTensor.Runtime.Sealing;

/// <summary>A folder beside its target, which gets the target's name in one step, or is deleted.</summary>
internal sealed class StagingFolder : IDisposable
{
    private readonly string _target;
    private readonly bool _overwrite;

    private StagingFolder(string path, string target, bool overwrite)
    {
        Path = path;
        _target = target;
        _overwrite = overwrite;
    }

    internal string Path { get; }

    /// <exception cref="IOException">The target exists and <paramref name="overwrite"/> is not set, or is no folder.</exception>
    internal static StagingFolder Create(string target, bool overwrite)
    {
        if (File.Exists(target))
        {
            throw new IOException($"'{SafeText.EscapePath(target)}' is a file. Name a folder for the package.");
        }

        if (Directory.Exists(target) && !overwrite)
        {
            throw AlreadyExists(target);
        }

        if (Directory.Exists(target))
        {
            RequirePackage(target);
        }

        var parent = System.IO.Path.GetDirectoryName(target)!;
        Directory.CreateDirectory(parent);
        var path = System.IO.Path.Combine(parent, $".{System.IO.Path.GetFileName(target)}.{Guid.NewGuid():N}.sealing");
        Directory.CreateDirectory(path);
        return new StagingFolder(path, target, overwrite);
    }

    /// <summary>Gives the folder its name; what had it before goes.</summary>
    internal void Commit()
    {
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
    }

    /// <summary>Deletes what still has the staging name: an unfinished package, or the one that was replaced.</summary>
    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    private bool Rename(uint flags) => LibC.renameat2(LibC.AT_FDCWD, Path, LibC.AT_FDCWD, _target, flags) == 0;

    // Overwriting is for packages: a slip of the hand must not cost a folder of something else, least of all an unprotected model, which may be the only one.
    private static void RequirePackage(string target)
    {
        if (!Directory.EnumerateFileSystemEntries(target).Any())
        {
            return;
        }

        if (!File.Exists(System.IO.Path.Combine(target, ModelPackage.ParamsName)))
        {
            throw new IOException($"'{SafeText.EscapePath(target)}' is no package (it has files, and no {ModelPackage.ParamsName}), so it is not overwritten. Name another folder.");
        }

        try
        {
            SealedParams.Open(target).Dispose();
        }
        catch (SafeModelException e) when (e.Error == SafeModelError.NotEncrypted)
        {
            throw new IOException($"'{SafeText.EscapePath(target)}' is an unprotected model, so it is not overwritten. Name another folder.", e);
        }
        catch (SafeModelException)
        {
            // A damaged package, or one of a later version, may go.
        }
    }

    private static IOException AlreadyExists(string target) => new($"'{SafeText.EscapePath(target)}' exists already. Name another folder, or set Overwrite.");
}
