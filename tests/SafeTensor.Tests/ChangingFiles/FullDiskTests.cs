using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests;

/// <summary>Disks that are full or read-only, and files that may not grow: an error with the file and the system's word, exit code 3, and nothing is left.</summary>
public sealed class FullDiskTests
{
    private const long PageSize = 4096;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;

    private string Disk => _folder["disk"];

    private string Target => Path.Combine(Disk, "digits");

    private string KeyFile => _folder["key"];

    private string Signer => _folder["signer.pem"];

    [SetUp]
    public void Prepare()
    {
        _folder = new TemporaryFolder();
        Directory.CreateDirectory(Disk);
        File.WriteAllBytes(KeyFile, _key);
        using var publisher = new Publisher();
        File.WriteAllText(Signer, publisher.Key.ExportPkcs8PrivateKeyPem());
        ModelSealer.Seal(TestData.Digits, _folder["digits"], _key);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_disk_that_fills_at_any_moment_leaves_no_package([Values(0, 0.3, 0.8, 1)] double share)
    {
        var all = PagesOf(_folder["digits"]);
        var pages = Math.Max(1, (long)(all * share) - 1);

        var (run, _, after) = SmallDisk.Run($"size={pages * PageSize}", Disk, content: null, "seal", TestData.Digits, Target, "--key", KeyFile);

        AssertFailed(run, "No space left on device", Disk);
        Assert.That(after, Is.Empty);
    }

    [Test]
    public void A_disk_of_just_the_packages_size_takes_it()
    {
        var (run, _, after) = SmallDisk.Run($"size={PagesOf(_folder["digits"]) * PageSize}", Disk, content: null, "seal", TestData.Digits, Target, "--key", KeyFile);

        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(after, Does.StartWith("./digits\n./digits/mod.json\n./digits/mod.params\n./digits/mod.so\n"));
    }

    [Test]
    public void A_disk_that_takes_no_more_files_leaves_no_package()
    {
        var (run, _, after) = SmallDisk.Run("nr_inodes=4", Disk, content: null, "seal", TestData.Digits, Target, "--key", KeyFile);

        AssertFailed(run, "No space left on device", Disk);
        Assert.That(after, Is.Empty);
    }

    [Test]
    public void A_full_disk_leaves_the_package_that_was_to_be_overwritten()
    {
        var pages = (PagesOf(_folder["digits"]) * 2) - 1;

        var (run, before, after) = SmallDisk.Run($"size={pages * PageSize}", Disk, _folder["digits"], "seal", TestData.Digits, Target, "--key", KeyFile, "--overwrite");

        AssertFailed(run, "No space left on device", Disk);
        Assert.That(after, Is.EqualTo(before).And.Contains("./digits/mod.params"));
    }

    [Test]
    public void A_read_only_disk_is_named([Values] bool overwrite)
    {
        string[] options = overwrite ? ["--overwrite"] : [];

        var (run, before, after) = SmallDisk.Run(
            SmallDisk.ReadOnly, Disk, overwrite ? _folder["digits"] : null, ["seal", TestData.Digits, Target, "--key", KeyFile, .. options]);

        AssertFailed(run, "Read-only file system", Disk);
        Assert.That(after, Is.EqualTo(before));
    }

    [Test]
    public void A_target_that_is_a_disk_itself_is_named_and_stays()
    {
        // The rename fails, the last step of all.
        Directory.CreateDirectory(Target);

        var (run, before, after) = SmallDisk.Run("size=10m", Target, Path.Combine(_folder["digits"], "."), "seal", TestData.Digits, Target, "--key", KeyFile, "--overwrite");

        AssertFailed(run, "Device or resource busy", Target);
        Assert.That(after, Is.EqualTo(before).And.Contains("./mod.params"));
        Assert.That(Directory.GetFileSystemEntries(Disk), Is.EqualTo(new[] { Target }));
    }

    [Test]
    public void A_disk_that_says_only_at_the_end_that_it_is_full_leaves_no_package([Values("fsync", "renameat2")] string call)
    {
        var run = FailIn(call, _folder.Path, "seal", TestData.Digits, Target, "--key", KeyFile);

        AssertFailed(run, "No space left on device", Disk);
        Assert.That(Directory.GetFileSystemEntries(Disk), Is.Empty);
    }

    [Test]
    public void A_disk_that_says_only_at_the_end_that_it_is_full_leaves_the_package_that_was_to_be_overwritten([Values("fsync", "renameat2")] string call)
    {
        var before = File.ReadAllBytes(_folder["digits/mod.params"]);
        var entries = Directory.GetFileSystemEntries(_folder.Path);

        var run = FailIn(call, Disk, "seal", TestData.Digits, _folder["digits"], "--key", KeyFile, "--overwrite");

        AssertFailed(run, "No space left on device", _folder.Path);
        Assert.That(File.ReadAllBytes(_folder["digits/mod.params"]), Is.EqualTo(before));
        Assert.That(Directory.GetFileSystemEntries(_folder.Path), Is.EquivalentTo(entries));
    }

    [Test]
    public void A_signature_for_which_there_is_no_room_leaves_the_package_and_its_signature([Values] bool isSigned)
    {
        if (isSigned)
        {
            using var publisher = new Publisher();
            ModelSealer.Sign(_folder["digits"], publisher.Key);
        }

        var (run, before, after) = SmallDisk.Run($"size={PagesOf(_folder["digits"]) * PageSize}", Disk, _folder["digits"], "sign", Target, "--key", Signer);

        AssertFailed(run, "No space left on device", Disk);
        Assert.That(after, Is.EqualTo(before).And.Contains("./digits/mod.params"));
    }

    [Test]
    public void A_read_only_disk_takes_no_signature()
    {
        var (run, before, after) = SmallDisk.Run(SmallDisk.ReadOnly, Disk, _folder["digits"], "sign", Target, "--key", Signer);

        AssertFailed(run, "Read-only file system", Disk);
        Assert.That(after, Is.EqualTo(before));
    }

    [Test]
    public void A_signature_that_cannot_be_flushed_leaves_none()
    {
        var run = FailIn("fsync", _folder.Path, "sign", _folder["digits"], "--key", Signer);

        AssertFailed(run, "No space left on device", _folder["digits"]);
        Assert.That(Directory.GetFiles(_folder["digits"]).Select(Path.GetFileName), Is.EquivalentTo(new[] { "mod.json", "mod.params", "mod.so" }));
    }

    [Test]
    public void A_version_that_cannot_be_flushed_is_not_remembered_and_no_model_is_run()
    {
        var run = FailIn("fsync", _folder.Path, "run", _folder["digits"], "--key", KeyFile, "--version-file", Path.Combine(Disk, "versions"));

        AssertFailed(run, "No space left on device", Path.Combine(Disk, "versions"));
        Assert.That(Directory.GetFiles(Disk).Select(Path.GetFileName), Is.EqualTo(new[] { "versions.lock" }));
        Assert.That(run.Output, Is.Empty);
    }

    [Test]
    public void A_key_for_which_there_is_no_room_leaves_no_file()
    {
        Directory.CreateDirectory(_folder["full"]);
        File.WriteAllBytes(_folder["full/file"], new byte[PageSize]);

        var (run, before, after) = SmallDisk.Run($"size={PageSize}", Disk, Path.Combine(_folder["full"], "."), "keygen", Path.Combine(Disk, "key"));

        AssertFailed(run, "No space left on device", Path.Combine(Disk, "key"));
        Assert.That(after, Is.EqualTo(before));
    }

    [Test]
    public void A_key_that_cannot_be_flushed_leaves_no_file()
    {
        var run = FailIn("fsync", _folder.Path, "keygen", Path.Combine(Disk, "key"));

        AssertFailed(run, "No space left on device", Path.Combine(Disk, "key"));
        Assert.That(Directory.GetFileSystemEntries(Disk), Is.Empty);
    }

    [Test]
    public void A_file_above_the_processs_limit_leaves_no_package([Values("mod.params", "mod.so")] string name)
    {
        // The first file's length is set at once, the second one grows as it is written.
        if (name == "mod.so")
        {
            AnsweringModel.Create(_folder["source"], number: 1);
        }

        var run = LimitedRun(blocks: 20, "seal", name == "mod.so" ? _folder["source"] : TestData.Digits, Target, "--key", KeyFile);

        AssertFailed(run, "allows no file of", Path.Combine(Disk, ".digits."));
        Assert.That(run.Error, Does.Contain(name));
        Assert.That(Directory.GetFileSystemEntries(Disk), Is.Empty);
    }

    /// <summary>The run of a process whose files have that many blocks of 512 bytes at most.</summary>
    private static CliRun LimitedRun(int blocks, params IReadOnlyList<string> arguments)
    {
        // .NET keeps compiled code in a file in memory, for which the limit would count too.
        var start = new System.Diagnostics.ProcessStartInfo("sh", ["-c", $"ulimit -f {blocks} && exec \"$@\"", "sh", "dotnet", CliProcess.Program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DOTNET_EnableWriteXorExecute"] = "0" },
        };
        using var process = System.Diagnostics.Process.Start(start)!;
        return CliProcess.End(process);
    }

    private static long PagesOf(string folder) => Directory.GetFiles(folder).Sum(file => (new FileInfo(file).Length + PageSize - 1) / PageSize);

    /// <summary>Runs the program where one of the system's calls always says that the disk is full: as network file systems do late, which reserve nothing for what is written.</summary>
    private static CliRun FailIn(string call, string launcherFolder, params IReadOnlyList<string> arguments) =>
        new RestrictedProcess(launcherFolder, RestrictedProcess.Refuse(call, "ENOSPC")).Run(arguments);

    private static void AssertFailed(CliRun run, string word, string path)
    {
        TestContext.Out.WriteLine(run.Error.Trim());
        Assert.That(run.ExitCode, Is.EqualTo(3), run.Error);
        Assert.That(run.Error, Does.Contain(word).And.Contain(path));
    }
}
