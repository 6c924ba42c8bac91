using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>What the sealer writes, the loader opens; what it must not touch, it does not.</summary>
public sealed class SealingTests
{
    private static readonly PackageExpectations Any = new(null, 0, TimeProvider.System);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private TemporaryFolder _folder = null!;
    private string _source = null!;

    [SetUp]
    public void MakeSource()
    {
        _folder = new TemporaryFolder();
        _source = _folder.CopyOf(TestData.Digits, "digits");
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_sealed_model_opens_and_holds_the_same_tensors(
        [Values] CipherSuite suite, [Values(64 << 10, 4 << 20)] int segmentSize, [Values] bool clear)
    {
        var options = new SealOptions { Suite = suite, SegmentSize = segmentSize, ClearCode = clear, ClearGraph = clear, ClearTensors = clear ? ["p4", "p7"] : [] };

        var info = ModelSealer.Seal(_source, _folder["sealed"], _key, options);

        Assert.That(info.IsAuthenticated, Is.True);
        Assert.That(info.ModelId, Is.EqualTo("digits"));
        Assert.That(info.ClearTensors, Is.EquivalentTo(options.ClearTensors));
        Assert.That((info.IsCodeSealed, info.IsGraphSealed), Is.EqualTo((!clear, !clear)));
        using var package = SealedPackage.Open(_folder["sealed"], _key, Any);
        package.Verify(null, CancellationToken.None);
        using var plain = PlainPackage.Open(_source);
        Assert.That(Plaintext.Of(package), Is.EqualTo(Plaintext.Of(plain)));
    }

    [Test]
    public void Nothing_of_the_plain_files_is_in_the_package()
    {
        ModelSealer.Seal(_source, _folder["sealed"], _key);

        foreach (var name in new[] { "mod.params", "mod.so", "mod.json" })
        {
            var plain = File.ReadAllBytes(Path.Combine(_source, name));
            var stored = File.ReadAllBytes(Path.Combine(_folder["sealed"], name));
            for (var at = name == "mod.params" ? 4096 : 0; at + 32 <= plain.Length; at += 509)
            {
                var window = plain.AsSpan(at, 32);
                if (window.IndexOfAnyExcept(window[0]) >= 0)
                {
                    Assert.That(stored.AsSpan().IndexOf(window), Is.EqualTo(-1), $"{name} at {at}");
                }
            }
        }
    }

    [Test]
    public void Two_sealings_of_one_model_share_no_block()
    {
        ModelSealer.Seal(_source, _folder["one"], _key);
        ModelSealer.Seal(_source, _folder["two"], _key);

        var blocks = Blocks(_folder["one"]).ToHashSet();
        Assert.That(Blocks(_folder["two"]).Count(blocks.Contains), Is.Zero);

        static IEnumerable<UInt128> Blocks(string package) =>
            File.ReadAllBytes(Path.Combine(package, "mod.so")).Chunk(16).Where(chunk => chunk.Length == 16).Select(chunk => BitConverter.ToUInt128(chunk));
    }

    [Test]
    public void The_source_stays_as_it_was()
    {
        var before = Directory.GetFiles(_source).ToDictionary(file => file, File.ReadAllBytes);

        ModelSealer.Seal(_source, _folder["sealed"], _key);

        Assert.That(Directory.GetFiles(_source).ToDictionary(file => file, File.ReadAllBytes), Is.EqualTo(before));
    }

    [Test]
    public void An_existing_package_is_refused_and_left_alone()
    {
        Directory.CreateDirectory(_folder["sealed"]);

        Assert.That(() => ModelSealer.Seal(_source, _folder["sealed"], _key), Throws.InstanceOf<IOException>().With.Message.Contains("exists already"));
        Assert.That(Directory.GetFileSystemEntries(_folder.Path), Has.Length.EqualTo(2));
    }

    [Test]
    public void Overwrite_replaces_the_whole_package()
    {
        using var publisher = new Publisher();
        ModelSealer.Seal(_source, _folder["sealed"], _key, new SealOptions { Signer = publisher.Key });

        // What a killed signing leaves.
        File.WriteAllText(Path.Combine(_folder["sealed"], "mod.sig.new"), "");
        File.WriteAllText(Path.Combine(_folder["sealed"], "mod.sig.lock"), "");

        ModelSealer.Seal(_source, _folder["sealed"], _key, new SealOptions { ModelVersion = 2, Overwrite = true });

        Assert.That(PackageInfo.Read(_folder["sealed"]).ModelVersion, Is.EqualTo(2));
        Assert.That(Directory.GetFiles(_folder["sealed"]).Select(Path.GetFileName), Is.EquivalentTo(["mod.params", "mod.so", "mod.json"]));
        Assert.That(Directory.GetFileSystemEntries(_folder.Path), Has.Length.EqualTo(2));
    }

    [Test]
    public void A_package_over_its_source_is_refused() =>
        Assert.That(() => ModelSealer.Seal(_source, _source + "/.", _key, new SealOptions { Overwrite = true }), Throws.ArgumentException);

    [Test]
    public void A_package_over_a_folder_that_holds_its_source_is_refused() =>
        Assert.That(() => ModelSealer.Seal(_source, _folder.Path, _key, new SealOptions { Overwrite = true }), Throws.ArgumentException);

    [Test]
    public void Overwrite_never_deletes_a_folder_of_something_else()
    {
        Directory.CreateDirectory(_folder["letters"]);
        File.WriteAllText(Path.Combine(_folder["letters"], "letter"), "dear");

        Assert.That(
            () => ModelSealer.Seal(_source, _folder["letters"], _key, new SealOptions { Overwrite = true }),
            Throws.InstanceOf<IOException>().With.Message.Contains("no package"));
        Assert.That(File.ReadAllText(Path.Combine(_folder["letters"], "letter")), Is.EqualTo("dear"));
    }

    [Test]
    public void A_failed_sealing_leaves_nothing()
    {
        var parameters = Path.Combine(_source, "mod.params");
        File.WriteAllBytes(parameters, File.ReadAllBytes(parameters)[..^1]);

        Assert.That(() => ModelSealer.Seal(_source, _folder["sealed"], _key), Refused.With(SafeModelError.ModelInvalid, "cut off"));
        Assert.That(Directory.GetFileSystemEntries(_folder.Path), Has.Length.EqualTo(1));
    }

    [Test]
    public void A_cancelled_sealing_leaves_nothing()
    {
        using var cancel = new CancellationTokenSource();
        using var key = ModelKey.FromBytes(_key);
        var progress = new Cancelling(cancel);

        Assert.That(
            async () => await ModelSealer.SealAsync(_source, _folder["sealed"], key, new SealOptions { SegmentSize = 64 << 10 }, progress, cancel.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Directory.GetFileSystemEntries(_folder.Path), Has.Length.EqualTo(1));
    }

    [Test]
    public void Clear_code_is_refused_where_the_code_holds_weights()
    {
        var source = _folder.CopyOf(TestData.SharedFolder("models", "digits-factory"), "factory");

        Assert.That(
            () => ModelSealer.Seal(source, _folder["sealed"], _key, new SealOptions { ClearCode = true }),
            Refused.With(SafeModelError.ModelInvalid, "GraphExecutorFactory"));
    }

    [Test]
    public void A_clear_tensor_that_is_not_there_is_named() =>
        Assert.That(
            () => ModelSealer.Seal(_source, _folder["sealed"], _key, new SealOptions { ClearTensors = ["p99"] }),
            Throws.ArgumentException.With.Message.Contains("p99"));

    [Test]
    public void A_parameter_that_the_graph_does_not_know_is_refused()
    {
        var graph = Path.Combine(_source, "mod.json");
        File.WriteAllText(graph, File.ReadAllText(graph).Replace("\"p7\"", "\"q7\""));

        Assert.That(() => ModelSealer.Seal(_source, _folder["sealed"], _key), Refused.With(SafeModelError.ModelInvalid, "'p7'"));
    }

    [Test]
    public void Sealing_a_sealed_package_is_refused()
    {
        ModelSealer.Seal(_source, _folder["sealed"], _key);

        Assert.That(() => ModelSealer.Seal(_folder["sealed"], _folder["again"], _key), Refused.With(SafeModelError.ModelInvalid, "sealed"));
    }

    [Test]
    public void Overwrite_never_deletes_an_unprotected_model()
    {
        using var mine = new TemporaryFolder();
        var model = mine.CopyOf(TestData.Digits, "mine");

        Assert.That(
            () => ModelSealer.Seal(_source, model, _key, new SealOptions { Overwrite = true }),
            Throws.InstanceOf<IOException>().With.Message.Contains("unprotected model"));
        Assert.That(Directory.GetFileSystemEntries(mine.Path), Has.Length.EqualTo(1));
    }

    [Test]
    public void A_source_reached_by_another_path_is_not_replaced()
    {
        using var other = new TemporaryFolder();
        var source = other.CopyOf(TestData.Digits, "source");
        Directory.CreateSymbolicLink(_folder["link"], other.Path);

        Assert.That(
            () => ModelSealer.Seal(source, Path.Combine(_folder["link"], "source"), _key, new SealOptions { Overwrite = true }), Throws.InstanceOf<IOException>());
        Assert.That(() => SafeModel.LoadPlain(source, TestRuntime.Options).Dispose(), Throws.Nothing);
    }

    [TestCase(63 << 10)]
    [TestCase(96 << 10)]
    [TestCase(8 << 20)]
    public void A_segment_size_out_of_range_is_refused(int size) =>
        Assert.That(
            () => ModelSealer.Seal(_source, _folder["sealed"], _key, new SealOptions { SegmentSize = size }),
            Throws.ArgumentException.With.Message.Contains($"{size}"));

    private sealed class Cancelling(CancellationTokenSource source) : IProgress<ModelProgress>
    {
        public void Report(ModelProgress value) => source.Cancel();
    }
}
