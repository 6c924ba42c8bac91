using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests;

/// <summary>Whatever stands where a package is to be: nothing but a package is replaced, whenever it came there, and no half package is left.</summary>
public sealed class StrangeTargetTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly StrangeFile[] Files = [StrangeFile.RegularFile, StrangeFile.EmptyFile, StrangeFile.Fifo, StrangeFile.UnixSocket];

    private static readonly StrangeFile[] Links =
        [StrangeFile.LinkToNothing, StrangeFile.Loop, StrangeFile.LinkToFile, StrangeFile.LinkToFolder, StrangeFile.LinkToFifo, .. StrangeFile.Devices];

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;

    private string Target => _folder["target"];

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_file_is_named_and_stays([ValueSource(nameof(Files))] StrangeFile strange, [Values] bool overwrite)
    {
        strange.PutAt(Target);

        AssertRefusedAndNothingChanged(overwrite, "is a file");
    }

    [Test]
    public void A_link_is_named_and_stays([ValueSource(nameof(Links))] StrangeFile strange, [Values] bool overwrite)
    {
        strange.PutAt(Target);

        AssertRefusedAndNothingChanged(overwrite, "is a symbolic link");
    }

    [Test]
    public void A_link_to_a_package_is_named_and_both_stay([Values] bool overwrite)
    {
        ModelSealer.Seal(TestData.Digits, _folder["package"], _key);
        File.CreateSymbolicLink(Target, _folder["package"]);

        AssertRefusedAndNothingChanged(overwrite, "is a symbolic link");
        SafeModel.Load(Target, _key, TestRuntime.Options).Dispose();
    }

    [Test]
    public void A_target_in_a_linked_folder_is_made_where_the_link_leads()
    {
        Directory.CreateDirectory(_folder["folder"]);
        File.CreateSymbolicLink(_folder["link"], _folder["folder"]);

        ModelSealer.Seal(TestData.Digits, Path.Combine(_folder["link"], "package"), _key);

        SafeModel.Load(Path.Combine(_folder["folder"], "package"), _key, TestRuntime.Options).Dispose();
    }

    [Test]
    public void A_target_below_what_is_no_folder_is_named([ValueSource(nameof(Files))] StrangeFile strange)
    {
        strange.PutAt(_folder["parent"]);

        AssertRefusedAndNothingChanged(overwrite: false, _folder["parent"], Path.Combine(_folder["parent"], "target"));
    }

    [Test]
    public void A_target_in_a_folder_that_may_not_be_written_is_named()
    {
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b101_101_101);
        var before = Entries();

        Assert.That(
            () => Unprivileged.Run(() => ModelSealer.Seal(TestData.Digits, Target, _key)),
            Throws.TypeOf<IOException>().With.Message.Contains(_folder.Path).And.Message.Contains("denied"));
        Assert.That(Entries(), Is.EqualTo(before));
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_101_101);
    }

    [Test]
    public void What_comes_to_the_target_during_a_seal_stays([Values] bool overwrite)
    {
        var seal = SealWhile(() => _folder.CopyOf(TestData.Digits, "target"), overwrite);

        Assert.That(seal, Throws.TypeOf<IOException>().With.Message.Contains(Target).And.Message.Contains(overwrite ? "unprotected model" : "exists already"));
        SafeModel.LoadPlain(Target, TestRuntime.Options).Dispose();
        Assert.That(Entries(), Is.EqualTo(new[] { "target" }));
    }

    [Test]
    public void What_takes_a_packages_place_during_a_seal_that_overwrites_it_stays([ValueSource(nameof(Files))] StrangeFile strange)
    {
        ModelSealer.Seal(TestData.Digits, Target, _key);
        var seal = SealWhile(
            () =>
            {
                Directory.Delete(Target, recursive: true);
                strange.PutAt(Target);
            },
            overwrite: true);

        Assert.That(seal, Throws.TypeOf<IOException>().With.Message.Contains(Target).And.Message.Contains("is a file"));
        Assert.That(Entries(), Is.EqualTo(new[] { "target" }));
        Assert.That(Directory.Exists(Target), Is.False);
    }

    [Test]
    public void A_link_that_takes_a_packages_place_during_a_seal_that_overwrites_it_stays_and_so_does_what_it_leads_to()
    {
        ModelSealer.Seal(TestData.Digits, Target, _key);
        var seal = SealWhile(
            () =>
            {
                Directory.Move(Target, _folder["moved"]);
                File.CreateSymbolicLink(Target, _folder["moved"]);
            },
            overwrite: true);

        Assert.That(seal, Throws.TypeOf<IOException>().With.Message.Contains(Target).And.Message.Contains("is a symbolic link"));
        Assert.That(Entries(), Is.EquivalentTo(new[] { $"target -> {_folder["moved"]}", "moved" }));
        SafeModel.Load(Target, _key, TestRuntime.Options).Dispose();
    }

    [Test]
    public void A_replaced_package_that_cannot_be_deleted_is_said_and_the_new_one_is_there()
    {
        RequireSuperuser();
        ModelSealer.Seal(TestData.Digits, Target, _key);
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_111_111);
        File.SetUnixFileMode(Target, (UnixFileMode)0b111_101_101);
        var loggers = new RecordingLoggers();

        Unprivileged.Run(() => ModelSealer.Seal(TestData.Digits, Target, _key, new SealOptions { ModelVersion = 2, Overwrite = true, LoggerFactory = loggers }));

        Assert.That(PackageInfo.Read(Target).ModelVersion, Is.EqualTo(2));
        AssertLeftBehind(loggers, "denied");
    }

    [Test]
    public void A_failed_sealing_that_cannot_be_deleted_still_fails_with_its_reason()
    {
        RequireSuperuser();
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_111_111);
        var loggers = new RecordingLoggers();
        using var key = new InterruptingKey(() =>
        {
            // By another thread, which is the superuser's still.
            Task.Run(() => File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(Staging(), "theirs")).FullName, "file"), "")).Wait();
            throw new CryptographicException("The token was pulled out.");
        });

        Assert.That(
            () => Unprivileged.Run(() => ModelSealer.Seal(TestData.Digits, Target, _key, new SealOptions { Signer = key, LoggerFactory = loggers })),
            Throws.TypeOf<CryptographicException>().With.Message.Contains("pulled out"));
        Assert.That(Path.Exists(Target), Is.False);
        AssertLeftBehind(loggers, "not empty");
    }

    [Test]
    public void The_command_line_exits_with_3_and_names_it()
    {
        StrangeFile.LinkToFolder.PutAt(Target);
        File.WriteAllBytes(_folder["key"], _key);

        var run = CliRun.Of("seal", TestData.Digits, Target, "--key", _folder["key"], "--overwrite");

        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Error, Does.Contain(Target).And.Contain("symbolic link"));
    }

    private static void RequireSuperuser()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Assert.Ignore("Only the superuser can make folders that another user cannot delete.");
        }
    }

    private void AssertRefusedAndNothingChanged(bool overwrite, string text, string? target = null)
    {
        var before = Entries();
        var seal = Task.Run(() => ModelSealer.Seal(TestData.Digits, target ?? Target, _key, new SealOptions { Overwrite = overwrite }));

        Assert.That(() => seal.WaitAsync(Patience).GetAwaiter().GetResult(), Throws.TypeOf<IOException>().With.Message.Contains(target ?? Target).Or.Message.Contains(text));
        Assert.That(seal.Exception!.InnerException!.Message, Does.Contain(text));
        Assert.That(Entries(), Is.EqualTo(before));
    }

    private Action SealWhile(Action action, bool overwrite) => () =>
    {
        using var key = ModelKey.FromBytes(_key);
        ModelSealer.SealAsync(TestData.Digits, Target, key, new SealOptions { Overwrite = overwrite }, new FirstProgress(action)).WaitAsync(Patience).GetAwaiter().GetResult();
    };

    private void AssertLeftBehind(RecordingLoggers loggers, string reason)
    {
        var warning = loggers.Entries.Single(entry => entry.Level == LogLevel.Warning);
        Assert.That(warning.Id.Id, Is.EqualTo(103));
        Assert.That(warning.Text, Does.Contain(Staging()).And.Contain(reason));
    }

    private string Staging() => Directory.GetDirectories(_folder.Path, ".target.*.sealing").Single();

    /// <summary>Everything in the folder, with the targets of links and the contents of files.</summary>
    private string[] Entries() =>
    [
        .. Directory.GetFileSystemEntries(_folder.Path).Order(StringComparer.Ordinal).Select(path =>
            Path.GetFileName(path) + (new FileInfo(path).LinkTarget is { } target ? $" -> {target}" : "")),
    ];
}
