using System.Diagnostics;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests.Versions;

/// <summary>What else may be where a version file, its draft or its lock should be: clear errors, no hang, and no file but those three is touched.</summary>
public sealed class VersionFilePlaceTests
{
    private static readonly string[] Nobody = [];
    private static readonly string[] Obstacles = ["link", "dangling link", "fifo", "folder"];

    private TemporaryFolder _folder = null!;
    private VersionFile _file = null!;

    private string Location => _folder["model.versions"];

    private string Lock => Location + ".lock";

    private string Draft => Location + ".new";

    [SetUp]
    public void MakeFolder()
    {
        _folder = new TemporaryFolder();
        _file = new VersionFile(Location);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_missing_folder_is_named()
    {
        var file = new VersionFile(_folder["none/model.versions"]);

        Assert.That(() => file.Check(Nobody, "digits", 7), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("no folder for the version file").And.Message.Contains(_folder["none"]));
        Assert.That(() => file.Raise(Nobody, "digits", 7, CancellationToken.None), Throws.TypeOf<FileNotFoundException>());
    }

    [Test]
    public void A_path_that_would_write_to_a_terminal_is_escaped_in_every_message()
    {
        var path = _folder["\u001b[2Jmodel\nversions"];
        var file = new VersionFile(path);
        file.Raise(Nobody, "\u001b[31mdigits", 7, CancellationToken.None);

        AssertEscaped(() => file.Check(Nobody, "\u001b[31mdigits", 6));
        AssertEscaped(() => new VersionFile(path + "/none").Check(Nobody, "digits", 6));
        AssertEscaped(() => new VersionFile(path + "/").Check(Nobody, "digits", 6));
        Directory.CreateDirectory(path + ".new");
        AssertEscaped(() => file.Raise(Nobody, "\u001b[31mdigits", 8, CancellationToken.None));
        File.WriteAllText(path, "damaged");
        AssertEscaped(() => file.Check(Nobody, "digits", 6));

        static void AssertEscaped(Action refused) =>
            Assert.That(Assert.Catch(refused)!.ToString().ReplaceLineEndings(""), Has.None.Matches<char>(char.IsControl).And.Contains(@"\u{1b}[2Jmodel\u{a}versions"));
    }

    [Test]
    public void A_folder_that_is_a_file_is_named()
    {
        File.WriteAllText(_folder["file"], "");

        Assert.That(() => new VersionFile(_folder["file/model.versions"]).Check(Nobody, "digits", 7), Throws.TypeOf<FileNotFoundException>().With.Message.Contains(_folder["file"]));
    }

    [TestCaseSource(nameof(Obstacles))]
    public void No_regular_file_in_its_place_is_refused_at_once(string obstacle)
    {
        Put(obstacle, Location);

        Assert.That(() => _file.Check(Nobody, "digits", 7), Refused.With(SafeModelError.RolledBack, obstacle.EndsWith("link", StringComparison.Ordinal) ? "is a symbolic link" : "is not a regular file"));
        Assert.That(() => Raise(7), Refused.With(SafeModelError.RolledBack, Location));
        AssertTargetIsUntouched();
    }

    [Test]
    public void What_may_not_be_read_is_refused_and_what_may_not_be_written_is_an_error()
    {
        if (Environment.IsPrivilegedProcess)
        {
            Assert.Ignore("Nothing is forbidden to root, as which these tests run.");
        }

        Raise(7);
        File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.That(() => Raise(7), Throws.Nothing);
        Assert.That(() => Raise(8), Throws.TypeOf<IOException>().With.Message.Contains("Permission denied"));

        File.SetUnixFileMode(Location, UnixFileMode.None);
        Assert.That(() => _file.Check(Nobody, "digits", 9), Refused.With(SafeModelError.RolledBack, $"'{Location}' cannot be opened: Permission denied."));

        File.SetUnixFileMode(_folder.Path, UnixFileMode.UserExecute);
        Assert.That(() => _file.Check(Nobody, "digits", 9), Refused.With(SafeModelError.RolledBack, $"'{_folder.Path}' cannot be opened: Permission denied."));
        File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [TestCase("/dev/zero")]
    [TestCase("/dev/full")]
    [TestCase("/dev/null")]
    [TestCase("/dev")]
    public void A_device_in_its_place_is_refused_at_once(string device) =>
        Assert.That(() => new VersionFile(device).Check(Nobody, "digits", 7), Refused.With(SafeModelError.RolledBack, $"'{device}' is not a regular file"));

    [TestCaseSource(nameof(Obstacles))]
    public void Whatever_is_in_place_of_the_lock_is_an_error_at_once(string obstacle)
    {
        Put(obstacle, Lock);

        Assert.That(() => Raise(7), Throws.TypeOf<IOException>().With.Message.Contains(Lock).And.Message.Contains("cannot remember version 7 of 'digits'"));
        Assert.That(File.Exists(Location), Is.False);
        AssertTargetIsUntouched();
    }

    [TestCaseSource(nameof(Obstacles))]
    public void Whatever_is_in_place_of_the_draft_is_replaced_and_not_written_through(string obstacle)
    {
        Put(obstacle, Draft);
        if (obstacle == "folder")
        {
            Assert.That(() => Raise(7), Throws.TypeOf<IOException>().With.Message.Contains($"'{Draft}' cannot be deleted: Is a directory."));
            Assert.That(File.Exists(Location), Is.False);
            return;
        }

        Raise(7);

        Assert.That(() => _file.Check(Nobody, "digits", 6), Refused.With(SafeModelError.RolledBack));
        Assert.That(Path.Exists(Draft), Is.False);
        AssertTargetIsUntouched();
    }

    [Test]
    public void A_draft_that_a_killed_process_left_is_harmless_and_goes()
    {
        Raise(3);
        File.WriteAllText(Draft, "safetensor versions 1\n9  dig");

        Assert.That(() => _file.Check(Nobody, "digits", 3), Throws.Nothing);
        Raise(4);

        Assert.That(Directory.GetFiles(_folder.Path).Select(Path.GetFileName), Is.EquivalentTo(new[] { "model.versions", "model.versions.lock" }));
    }

    [Test]
    public void Its_files_are_their_owners_alone()
    {
        Raise(3);

        foreach (var file in (string[])[Location, Lock])
        {
            Assert.That(File.GetUnixFileMode(file), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite), file);
        }
    }

    [Test]
    public void A_lock_that_another_has_is_waited_for_and_the_wait_can_be_cancelled()
    {
        Raise(3);
        using var folder = FolderHandle.Open(_folder.Path);
        using var stop = new CancellationTokenSource();
        Task cancelled, patient;
        using (folder.Lock("model.versions.lock", TimeSpan.Zero, CancellationToken.None))
        {
            cancelled = Task.Run(() => _file.Raise(Nobody, "digits", 9, stop.Token));
            patient = Task.Run(() => Raise(5));
            Assert.That(() => folder.Lock("model.versions.lock", TimeSpan.FromMilliseconds(20), CancellationToken.None),
                Throws.TypeOf<IOException>().With.Message.Contains($"'{Lock}' was locked by another process for 0.02 seconds."));
            stop.Cancel();
            Assert.That(() => cancelled.GetAwaiter().GetResult(), Throws.InstanceOf<OperationCanceledException>());
            Assert.That(patient.IsCompleted, Is.False);
            Assert.That(() => _file.Check(Nobody, "digits", 3), Throws.Nothing, "reading waits for nobody");
            Assert.That(() => Raise(3), Throws.Nothing, "what has not to rise waits for nobody");
        }

        patient.GetAwaiter().GetResult();
        Assert.That(() => _file.Check(Nobody, "digits", 4), Refused.With(SafeModelError.RolledBack, "remembers version 5"));
    }

    [Test]
    public void A_lock_ends_with_the_process_that_has_it()
    {
        Raise(3);
        using var holder = Process.Start(new ProcessStartInfo("flock", [Lock, "sh", "-c", "echo locked; read _"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Assert.That(holder.StandardOutput.ReadLine(), Is.EqualTo("locked"));
        var waiting = Task.Run(() => Raise(4));
        Assert.That(waiting.IsCompleted, Is.False);

        holder.Kill(entireProcessTree: true);

        Assert.That(waiting.Wait(TimeSpan.FromSeconds(20)), Is.True);
    }

    [Test]
    public void In_a_folder_that_cannot_be_written_it_serves_as_long_as_nothing_has_to_rise()
    {
        using var digits = new SealedVersions();
        digits.Load(3);
        const string ReadOnly = "mount --bind \"$STATE\" \"$STATE\" && mount -o remount,bind,ro \"$STATE\"";

        Assert.That(RunBehind(ReadOnly, digits, 3).ExitCode, Is.Zero);
        var (exitCode, error) = RunBehind(ReadOnly, digits, 4);

        Assert.That(exitCode, Is.EqualTo(3), error);
        Assert.That(error, Does.Contain("cannot remember version 4 of 'digits'").And.Contain("Read-only file system"));
        Assert.That(digits.Stored, Is.EqualTo(3));
    }

    [Test]
    public void On_a_full_disk_the_load_fails_and_the_file_keeps_what_it_has()
    {
        using var digits = new SealedVersions();
        digits.Load(3);

        // One page, which the file fills: there is none for the next one. What is there afterwards is copied out.
        const string Full =
            "cp \"$STATE/model.versions\" \"$STATE.kept\" && mount -t tmpfs -o size=4096 none \"$STATE\" && cp \"$STATE.kept\" \"$STATE/model.versions\""
            + " && trap 'ls \"$STATE\" > \"$STATE.names\"; cp \"$STATE/model.versions\" \"$STATE.kept\"' EXIT";

        Assert.That(RunBehind(Full, digits, 3).ExitCode, Is.Zero);
        var (exitCode, error) = RunBehind(Full, digits, 4);

        Assert.That(exitCode, Is.EqualTo(3), error);
        Assert.That(error, Does.Contain("cannot remember version 4 of 'digits'").And.Contain("No space left on device"));
        Assert.That(File.ReadAllBytes(digits.State + ".kept"), Is.EqualTo(File.ReadAllBytes(digits.VersionFile)));
        Assert.That(File.ReadAllLines(digits.State + ".names"), Is.EquivalentTo(new[] { "model.versions", "model.versions.lock" }));
    }

    /// <summary>Runs the program where the version file's folder is something else: in a namespace, so that this process's mounts stay.</summary>
    private static (int ExitCode, string Error) RunBehind(string mount, SealedVersions digits, ulong version)
    {
        // 99: no mount, which is the system's to allow.
        string[] arguments = ["run", digits.Sealed(version), "--key", digits.KeyFile, "--version-file", digits.VersionFile, "--input", SealedDigits.Image(0)];
        var start = new ProcessStartInfo("unshare", ["-rm", "sh", "-c", $"{mount} || exit 99; dotnet \"$@\"; exit $?", "sh", Path.Combine(AppContext.BaseDirectory, "safetensor.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["STATE"] = digits.State;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode == 99 || error.StartsWith("unshare", StringComparison.Ordinal))
        {
            Assert.Ignore($"This system allows no mounts in a namespace of the test's own: {error}");
        }

        return (process.ExitCode, error);
    }

    private void Put(string obstacle, string path)
    {
        File.WriteAllText(_folder["target"], "untouched");
        switch (obstacle)
        {
            case "link":
                File.CreateSymbolicLink(path, _folder["target"]);
                break;
            case "dangling link":
                File.CreateSymbolicLink(path, _folder["nowhere"]);
                break;
            case "folder":
                Directory.CreateDirectory(path);
                break;
            default:
                using (var mkfifo = Process.Start("mkfifo", path))
                {
                    mkfifo.WaitForExit();
                }

                break;
        }
    }

    private void AssertTargetIsUntouched()
    {
        Assert.That(File.ReadAllText(_folder["target"]), Is.EqualTo("untouched"));
        Assert.That(File.Exists(_folder["nowhere"]), Is.False);
    }

    private void Raise(ulong version) => _file.Raise(Nobody, "digits", version, CancellationToken.None);
}
