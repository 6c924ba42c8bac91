using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>Whatever stands where a plain model or a file of it should be: an error that names it, and no package. Never a package of less than the model.</summary>
public sealed class StrangeSourceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly string[] Names = ["mod.params", "mod.so", "mod.json"];
    private static readonly string[] Operations = ["seal", "load"];

    private static readonly StrangeFile[] NoFiles =
        [StrangeFile.Folder, StrangeFile.Fifo, StrangeFile.LinkToFifo, StrangeFile.UnixSocket, .. StrangeFile.Devices, StrangeFile.LinkToFolder];

    private static readonly StrangeFile[] NoSources =
        [StrangeFile.Fifo, StrangeFile.LinkToFifo, StrangeFile.UnixSocket, .. StrangeFile.Devices];

    private static readonly StrangeFile[] WrongFiles = [StrangeFile.EmptyFile, StrangeFile.Hole, StrangeFile.VastHole];

    private static readonly StrangeFile[] Missing = [StrangeFile.Nothing, StrangeFile.LinkToNothing];

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;
    private string _source = null!;

    [SetUp]
    public void Copy()
    {
        _folder = new TemporaryFolder();
        _source = _folder.CopyOf(TestData.Digits, "digits");
    }

    [TearDown]
    public void Delete()
    {
        Assert.That(Directory.GetFileSystemEntries(_folder.Path).Where(path => path.Contains("sealed", StringComparison.Ordinal)), Is.Empty, "Something was left at the target.");
        _folder.Dispose();
    }

    [Test]
    public void A_link_to_nothing_is_named_and_not_passed_over([ValueSource(nameof(Names))] string name, [ValueSource(nameof(Operations))] string operation) =>
        Assert.That(With(StrangeFile.LinkToNothing, name, operation), Throws.TypeOf<FileNotFoundException>().With.Message.Contains(Path.Combine(_source, name)));

    [Test]
    public void A_link_to_itself_is_named([ValueSource(nameof(Names))] string name, [ValueSource(nameof(Operations))] string operation) =>
        Assert.That(
            With(StrangeFile.Loop, name, operation),
            Throws.TypeOf<IOException>().With.Message.Contains(Path.Combine(_source, name)).And.Message.Contains("symbolic links"));

    [Test]
    public void What_is_no_file_is_named_and_not_read(
        [ValueSource(nameof(NoFiles))] StrangeFile strange, [ValueSource(nameof(Names))] string name, [ValueSource(nameof(Operations))] string operation) =>
        Assert.That(
            With(strange, name, operation),
            Throws.TypeOf<IOException>().With.Message.Contains(Path.Combine(_source, name)).And.Message.Contains("not a regular file"));

    [Test]
    public void A_file_of_other_bytes_is_refused(
        [ValueSource(nameof(WrongFiles))] StrangeFile strange, [ValueSource(nameof(Names))] string name, [ValueSource(nameof(Operations))] string operation) =>
        Assert.That(With(strange, name, operation), Throws.TypeOf<SafeModelException>().With.Message.Contains(name));

    [Test]
    public void A_file_that_may_not_be_read_is_named([ValueSource(nameof(Names))] string name, [ValueSource(nameof(Operations))] string operation)
    {
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(Path.Combine(_source, name), UnixFileMode.None);

        Assert.That(
            () => Unprivileged.Run(() => Do(operation)),
            Throws.TypeOf<IOException>().With.Message.Contains(Path.Combine(_source, name)).And.Message.Contains("Permission denied"));
    }

    [Test]
    public void A_source_that_is_missing_is_named([ValueSource(nameof(Missing))] StrangeFile strange, [ValueSource(nameof(Operations))] string operation)
    {
        strange.PutAt(_source = _folder["strange"]);

        Assert.That(Soon(operation), Throws.TypeOf<FileNotFoundException>().With.Message.Contains(_source));
    }

    [Test]
    public void A_source_that_is_a_link_to_itself_is_named([ValueSource(nameof(Operations))] string operation)
    {
        StrangeFile.Loop.PutAt(_source = _folder["strange"]);

        Assert.That(Soon(operation), Throws.TypeOf<IOException>().With.Message.Contains(_source).And.Message.Contains("symbolic links"));
    }

    [Test]
    public void What_is_neither_folder_nor_file_is_named([ValueSource(nameof(NoSources))] StrangeFile strange, [ValueSource(nameof(Operations))] string operation)
    {
        strange.PutAt(_source = _folder["strange"]);

        Assert.That(Soon(operation), Throws.TypeOf<IOException>().With.Message.Contains(_source).And.Message.Contains("not a regular file"));
    }

    [Test]
    public void A_source_of_no_bytes_is_refused([ValueSource(nameof(Operations))] string operation)
    {
        StrangeFile.EmptyFile.PutAt(_source = _folder["strange"]);

        Assert.That(Soon(operation), Throws.TypeOf<SafeModelException>().With.Message.Contains("strange"));
    }

    [Test]
    public void A_source_that_grows_while_it_is_sealed_is_sealed_as_it_was()
    {
        using var key = ModelKey.FromBytes(_key);
        var grow = new FirstProgress(() =>
        {
            foreach (var name in Names)
            {
                File.AppendAllText(Path.Combine(_source, name), "and more");
            }
        });

        ModelSealer.SealAsync(_source, _folder["whole"], key, new SealOptions { SegmentSize = 64 << 10 }, grow).GetAwaiter().GetResult();

        using var model = SafeModel.Load(_folder["whole"], _key, TestRuntime.Options);
        using var plain = TestRuntime.LoadDigits();
        Assert.That(grow.IsDone, Is.True);
        Assert.That(model.Run(DigitImages.Pixels[3])[0].ToArray<float>(), Is.EqualTo(plain.Run(DigitImages.Pixels[3])[0].ToArray<float>()));
    }

    private Action With(StrangeFile strange, string name, string operation)
    {
        File.Delete(Path.Combine(_source, name));
        strange.PutAt(Path.Combine(_source, name));
        return Soon(operation);
    }

    /// <summary>The operation, given up where it hangs.</summary>
    private Action Soon(string operation) => () => Task.Run(() => Do(operation)).WaitAsync(Patience).GetAwaiter().GetResult();

    private void Do(string operation)
    {
        if (operation == "seal")
        {
            ModelSealer.Seal(_source, _folder["sealed"], _key);
        }
        else
        {
            SafeModel.LoadPlain(_source, TestRuntime.Options).Dispose();
        }
    }
}
