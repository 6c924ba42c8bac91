using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>Files that are cut off, or grow, while they are read: a refusal, never a signal that ends the process.</summary>
[NonParallelizable]
public sealed class TruncatedFileTests
{
    private static readonly PackageExpectations Any = new(null, 0, TimeProvider.System);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;
    private string _package = null!;

    [SetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        _package = _folder["sealed"];
        ModelSealer.Seal(TestData.Digits, _package, _key, new SealOptions { SegmentSize = 64 << 10 });
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void Parameters_cut_off_after_their_manifest_was_read_are_tampered([Values(0, 0.5, 0.99)] double share, [Values] bool growsAgain)
    {
        using var memory = ProtectedMemory.Reserve(1 << 20);
        using var package = SealedPackage.Open(_package, _key, Any);
        var offsets = new long[package.Parameters.Count];
        for (var i = 1; i < offsets.Length; i++)
        {
            offsets[i] = offsets[i - 1] + package.Parameters[i - 1].ByteLength;
        }

        Cut(Path.Combine(_package, "mod.params"), share, growsAgain);

        Assert.That(() => package.ReadParameters(memory, offsets, progress: null, CancellationToken.None), Refused.With(SafeModelError.Tampered, "mod.params"));
        Assert.That(memory.Span.IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
    }

    [Test]
    public void Code_or_graph_cut_off_after_the_manifest_was_read_is_a_wrong_package(
        [Values("mod.so", "mod.json")] string name, [Values(0, 0.5, 0.99)] double share, [Values] bool growsAgain)
    {
        using var package = SealedPackage.Open(_package, _key, Any);
        Cut(Path.Combine(_package, name), share, growsAgain);

        Assert.That(() => package.Load(weights: null, progress: null, CancellationToken.None).Dispose(), Refused.With(SafeModelError.WrongPackage, name));
    }

    [Test]
    public void A_file_cut_off_and_written_again_while_it_loads_gives_the_whole_model_or_a_refusal([Values("mod.params", "mod.so", "mod.json")] string name)
    {
        const int loads = 150, enough = 10, most = 10_000;
        var path = Path.Combine(_package, name);
        using var plain = TestRuntime.LoadDigits();
        var expected = plain.Run(DigitImages.Pixels[3])[0].ToArray<float>();
        int accepted = 0, refused = 0;
        Load();
        (accepted, refused) = (0, 0);
        var before = Leftovers.Of(_package);

        using (new CuttingWriter(path))
        {
            while (accepted + refused < loads || (Math.Min(accepted, refused) < enough && accepted + refused < most))
            {
                Load();
            }
        }

        TestContext.Out.WriteLine($"{accepted} accepted, {refused} refused");
        Assert.That(Math.Min(accepted, refused), Is.GreaterThanOrEqualTo(enough));
        Assert.That(Leftovers.Of(_package), Is.EqualTo(before));

        void Load()
        {
            try
            {
                using var model = SafeModel.Load(_package, _key, TestRuntime.Options);
                accepted++;
                Assert.That(model.Run(DigitImages.Pixels[3])[0].ToArray<float>(), Is.EqualTo(expected));
            }
            catch (SafeModelException)
            {
                refused++;
            }
        }
    }

    [Test]
    public void A_source_cut_off_while_it_is_sealed_leaves_no_package([Values("mod.params", "mod.so")] string name)
    {
        var source = _folder.CopyOf(TestData.Digits, "source");
        using var key = ModelKey.FromBytes(_key);
        var cut = new FirstProgress(() => Cut(Path.Combine(source, name), 0, growsAgain: false));

        Assert.That(
            async () => await ModelSealer.SealAsync(source, _folder["new"], key, new SealOptions { SegmentSize = 64 << 10 }, cut),
            Refused.With(SafeModelError.Tampered, name));
        Assert.That(Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName), Is.EquivalentTo(new[] { "sealed", "source" }));
    }

    [Test]
    public void Plain_code_that_was_copied_half_is_refused_and_not_mapped([Values(100, 1000, 5_000, 50_000, 100_000)] int length)
    {
        var model = _folder.CopyOf(TestData.Digits, "plain");
        using (var file = File.OpenWrite(Path.Combine(model, "mod.so")))
        {
            file.SetLength(length);
        }

        Assert.That(() => SafeModel.LoadPlain(model, TestRuntime.Options).Dispose(), Refused.With(SafeModelError.ModelInvalid, "mod.so"));
        Assert.That(() => ModelSealer.Seal(model, _folder["new"], _key), Refused.With(SafeModelError.ModelInvalid, "mod.so"));
    }

    private static void Cut(string path, double share, bool growsAgain)
    {
        using var file = File.OpenWrite(path);
        var length = file.Length;
        file.SetLength((long)(length * share));
        if (growsAgain)
        {
            // With a hole: it reads as zeros.
            file.SetLength(length);
        }
    }
}
