using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests;

/// <summary>Whatever stands where a package or a file of it should be: an error that names it, at once, and the kind of error that is documented.</summary>
public sealed class StrangePackageTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly PackageExpectations Any = new(null, 0, TimeProvider.System);

    private static readonly string[] Names = ["mod.params", "mod.so", "mod.json"];
    private static readonly string[] Operations = ["load", "verify", "inspect"];

    /// <summary>Code is not looked at to inspect a package.</summary>
    private static readonly (string Operation, string Name)[] Reads =
        [.. Operations.SelectMany(operation => Names.Select(name => (operation, name))).Where(read => read != ("inspect", "mod.so"))];

    private static readonly StrangeFile[] Missing = [StrangeFile.Nothing, StrangeFile.LinkToNothing];

    private static readonly StrangeFile[] NoFiles =
        [StrangeFile.Folder, StrangeFile.LinkToFolder, StrangeFile.Fifo, StrangeFile.LinkToFifo, StrangeFile.UnixSocket, .. StrangeFile.Devices];

    private static readonly StrangeFile[] NoFolders =
        [StrangeFile.RegularFile, StrangeFile.LinkToFile, StrangeFile.Fifo, StrangeFile.LinkToFifo, StrangeFile.UnixSocket, .. StrangeFile.Devices];

    private static readonly StrangeFile[] WrongFiles = [StrangeFile.EmptyFile, StrangeFile.Hole, StrangeFile.VastHole];

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;
    private string _package = null!;

    [SetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        _package = _folder["digits"];
        ModelSealer.Seal(TestData.Digits, _package, _key, new SealOptions { ClearGraph = true });
    }

    [TearDown]
    public void Delete()
    {
        // The tests may run as a user whom modes hold back.
        File.SetUnixFileMode(_folder["digits"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _folder.Dispose();
    }

    [Test]
    public void A_file_that_is_missing_is_named(
        [ValueSource(nameof(Missing))] StrangeFile strange, [ValueSource(nameof(Reads))] (string Operation, string Name) read)
    {
        Assert.That(With(strange, read), Throws.TypeOf<FileNotFoundException>().With.Message.Contains(Path.Combine(_package, read.Name)));
    }

    [Test]
    public void What_is_no_file_is_named_and_not_read(
        [ValueSource(nameof(NoFiles))] StrangeFile strange, [ValueSource(nameof(Reads))] (string Operation, string Name) read)
    {
        Assert.That(
            With(strange, read),
            Throws.TypeOf<IOException>().With.Message.Contains(Path.Combine(_package, read.Name)).And.Message.Contains("not a regular file"));
    }

    [Test]
    public void A_file_of_other_bytes_is_refused(
        [ValueSource(nameof(WrongFiles))] StrangeFile strange, [ValueSource(nameof(Reads))] (string Operation, string Name) read)
    {
        Assert.That(With(strange, read), Throws.TypeOf<SafeModelException>().With.Message.Contains(read.Name));
    }

    [Test]
    public void A_link_to_itself_is_named([ValueSource(nameof(Reads))] (string Operation, string Name) read)
    {
        Assert.That(
            With(StrangeFile.Loop, read),
            Throws.TypeOf<IOException>().With.Message.Contains(Path.Combine(_package, read.Name)).And.Message.Contains("symbolic links"));
    }

    [Test]
    public void A_link_to_nothing_is_said_to_be_one()
    {
        Assert.That(With(StrangeFile.LinkToNothing, ("load", "mod.so")), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("mod.so-target"));
    }

    [Test]
    public void Links_to_the_files_and_to_the_folder_are_followed()
    {
        // As container platforms mount secrets: folder and files are links, in two steps.
        var mounted = Directory.CreateDirectory(_folder["mounted"]).FullName;
        File.CreateSymbolicLink(Path.Combine(mounted, "..data"), _package);
        foreach (var name in Names)
        {
            File.CreateSymbolicLink(Path.Combine(mounted, name), Path.Combine("..data", name));
        }

        File.CreateSymbolicLink(_folder["link"], mounted);
        _package = _folder["link"];

        foreach (var operation in Operations)
        {
            Assert.That(() => Do(operation), Throws.Nothing, operation);
        }
    }

    [Test]
    public void A_file_that_may_not_be_read_is_named([ValueSource(nameof(Reads))] (string Operation, string Name) read)
    {
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(Path.Combine(_package, read.Name), UnixFileMode.None);
        Assert.That(
            () => Unprivileged.Run(() => Do(read.Operation)),
            Throws.TypeOf<IOException>().With.Message.Contains(Path.Combine(_package, read.Name)).And.Message.Contains("Permission denied"));
    }

    [Test]
    public void A_folder_that_may_not_be_read_is_named([ValueSource(nameof(Operations))] string operation)
    {
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(_package, UnixFileMode.None);

        Assert.That(
            () => Unprivileged.Run(() => Do(operation)),
            Throws.TypeOf<IOException>().With.Message.Contains(_package).And.Message.Contains("Permission denied"));
    }

    [Test]
    public void A_folder_that_is_missing_is_named([ValueSource(nameof(Missing))] StrangeFile strange, [ValueSource(nameof(Operations))] string operation)
    {
        strange.PutAt(_package = _folder["strange"]);

        Assert.That(Soon(operation), Throws.TypeOf<FileNotFoundException>().With.Message.Contains(_package));
    }

    [Test]
    public void What_is_no_folder_is_named([ValueSource(nameof(NoFolders))] StrangeFile strange, [ValueSource(nameof(Operations))] string operation)
    {
        strange.PutAt(_package = _folder["strange"]);

        Assert.That(Soon(operation), Throws.TypeOf<FileNotFoundException>().With.Message.Contains(_package).And.Message.Contains("not a folder"));
    }

    [Test]
    public void A_folder_that_is_a_link_to_itself_is_named([ValueSource(nameof(Operations))] string operation)
    {
        StrangeFile.Loop.PutAt(_package = _folder["strange"]);

        Assert.That(Soon(operation), Throws.TypeOf<IOException>().With.Message.Contains(_package).And.Message.Contains("symbolic links"));
    }

    [Test]
    public void The_command_line_exits_with_3_and_names_it([Values("verify", "inspect", "run")] string verb)
    {
        var parameters = Path.Combine(_package, "mod.params");
        File.Delete(parameters);
        StrangeFile.Fifo.PutAt(parameters);
        File.WriteAllBytes(_folder["key"], _key);

        var run = CliRun.Of([verb, _package, .. verb == "inspect" ? Array.Empty<string>() : ["--key", _folder["key"]]]);

        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Error, Does.Contain(parameters).And.Contain("not a regular file"));
    }

    private Action With(StrangeFile strange, (string Operation, string Name) read)
    {
        File.Delete(Path.Combine(_package, read.Name));
        strange.PutAt(Path.Combine(_package, read.Name));
        return Soon(read.Operation);
    }

    /// <summary>The operation, given up where it hangs.</summary>
    private Action Soon(string operation) => () => Task.Run(() => Do(operation)).WaitAsync(Patience).GetAwaiter().GetResult();

    private void Do(string operation)
    {
        switch (operation)
        {
            case "load":
                SafeModel.Load(_package, _key, TestRuntime.Options).Dispose();
                break;
            case "verify":
                using (var package = SealedPackage.Open(_package, _key, Any))
                {
                    package.Verify(progress: null, CancellationToken.None);
                }

                break;
            default:
                PackageInfo.Read(_package);
                break;
        }
    }
}
