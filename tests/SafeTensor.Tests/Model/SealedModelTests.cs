using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>A sealed model runs exactly like the plain one, and only with its key and as demanded.</summary>
public sealed class SealedModelTests
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private readonly DateTimeOffset _notAfter = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private TemporaryFolder _folder = null!;
    private string _sealed = null!;

    [OneTimeSetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        _sealed = _folder["sealed"];
        ModelSealer.Seal(TestData.Digits, _sealed, _key, new SealOptions { ModelId = "digits", ModelVersion = 7, NotAfter = _notAfter });
    }

    [OneTimeTearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void It_gives_the_plain_models_bits([Values] LoadPath path)
    {
        var options = TestRuntime.Options;
        options.LoadPath = path;
        using var plain = TestRuntime.LoadDigits();
        using var model = SafeModel.Load(_sealed, _key, options);

        foreach (var pixels in DigitImages.Pixels)
        {
            Assert.That(model.Run(pixels)[0].ToArray<float>(), Is.EqualTo(plain.Run(pixels)[0].ToArray<float>()));
        }
    }

    [Test]
    public void Every_sealed_model_gives_the_plain_ones_bits(
        [ValueSource(typeof(ModelCase), nameof(ModelCase.Folders))] string source, [Values(LoadPath.InPlace, LoadPath.LoadParams)] LoadPath path)
    {
        using var folder = new TemporaryFolder();
        ModelSealer.Seal(source, folder["sealed"], _key);
        var options = TestRuntime.Options;
        options.LoadPath = path;
        using var plain = SafeModel.LoadPlain(source, TestRuntime.Options);
        using var model = SafeModel.Load(folder["sealed"], _key, options);

        foreach (var one in ModelCase.In(source))
        {
            var (inputs, index) = (one.Inputs(), 0);
            var expected = plain.Run(inputs);
            foreach (var output in model.Run(inputs))
            {
                Assert.That(output.Bytes.SequenceEqual(expected[index++].Bytes), Is.True, $"{Path.GetFileName(source)}: output {index - 1}");
            }
        }
    }

    [Test]
    public async Task Every_way_to_load_works()
    {
        using var key = ModelKey.FromBytes(_key);
        using var bySpan = SafeModel.Load(_sealed, _key, TestRuntime.Options);
        using var byKey = SafeModel.Load(_sealed, key, TestRuntime.Options);
        using var bySpanLater = await SafeModel.LoadAsync(_sealed, _key, TestRuntime.Options);
        using var byKeyLater = await SafeModel.LoadAsync(_sealed, key, TestRuntime.Options);

        foreach (var model in new[] { bySpan, byKey, bySpanLater, byKeyLater })
        {
            Assert.That(model.Package, Is.Not.Null);
            Assert.That((model.Package!.ModelId, model.Package.ModelVersion, model.Package.IsAuthenticated), Is.EqualTo(("digits", 7UL, true)));
            Assert.That(model.Run(DigitImages.Pixels[0]).Package, Is.EqualTo(model.Package));
            Assert.That(model.Protection.Level, Is.GreaterThanOrEqualTo(ProtectionLevel.Sealed));
        }
    }

    [Test]
    public void The_callers_key_is_left_as_it_is()
    {
        var key = _key.ToArray();
        SafeModel.Load(_sealed, key, TestRuntime.Options).Dispose();
        Assert.That(key, Is.EqualTo(_key));
    }

    [Test]
    public void Another_key_is_refused() =>
        Assert.That(() => SafeModel.Load(_sealed, RandomNumberGenerator.GetBytes(32), TestRuntime.Options), Refused.With(SafeModelError.WrongKey));

    [Test]
    public void Zeros_are_no_key_wherever_they_come_from()
    {
        using var key = ModelKey.FromBytes(new byte[32]);
        Action[] uses =
        [
            () => SafeModel.Load(_sealed, new byte[32], TestRuntime.Options),
            () => SafeModel.Load(_sealed, key, TestRuntime.Options),
            () => SafeModel.LoadAsync(_sealed, new byte[32], TestRuntime.Options).GetAwaiter().GetResult(),
            () => ModelSealer.VerifyAsync(_sealed, key).GetAwaiter().GetResult(),
            () => ModelSealer.Seal(TestData.Digits, _folder["zeros"], new byte[32]),
            () => ModelSealer.SealAsync(TestData.Digits, _folder["zeros"], key).GetAwaiter().GetResult(),
        ];

        foreach (var use in uses)
        {
            Assert.That(use, Refused.With(SafeModelError.KeyUnavailable, "32 zero bytes"));
        }

        Assert.That(Directory.Exists(_folder["zeros"]), Is.False);
    }

    [TestCase(0)]
    [TestCase(31)]
    [TestCase(33)]
    public void A_key_of_another_length_is_misuse(int length)
    {
        Assert.That(() => SafeModel.Load(_sealed, new byte[length]), Throws.ArgumentException.With.Message.Contains($"{length}"));
        Assert.That(() => SafeModel.LoadAsync(_sealed, new byte[length]), Throws.ArgumentException.With.Message.Contains($"{length}"));
    }

    [Test]
    public void A_plain_model_with_a_key_is_not_encrypted() =>
        Assert.That(() => SafeModel.Load(TestData.Digits, _key, TestRuntime.Options), Refused.With(SafeModelError.NotEncrypted));

    [Test]
    public void A_sealed_model_is_no_plain_one() =>
        Assert.That(() => SafeModel.LoadPlain(_sealed, TestRuntime.Options), Refused.With(SafeModelError.ModelInvalid, "sealed"));

    [Test]
    public void A_missing_package_is_named() =>
        Assert.That(() => SafeModel.Load("/no/such/package", _key), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("/no/such/package"));

    [Test]
    public void Demands_are_checked()
    {
        var other = TestRuntime.Options;
        other.ExpectedModelId = "letters";
        var newer = TestRuntime.Options;
        newer.MinimumVersion = 8;
        var later = TestRuntime.Options.UseTimeProvider(new FixedTime(_notAfter.AddSeconds(1)));
        var met = TestRuntime.Options.UseTimeProvider(new FixedTime(_notAfter.AddSeconds(-1)));
        (met.ExpectedModelId, met.MinimumVersion) = ("digits", 7);

        Assert.That(() => SafeModel.Load(_sealed, _key, other), Refused.With(SafeModelError.WrongPackage, "letters"));
        Assert.That(() => SafeModel.Load(_sealed, _key, newer), Refused.With(SafeModelError.RolledBack, "8"));
        Assert.That(() => SafeModel.Load(_sealed, _key, later), Refused.With(SafeModelError.Expired, "2030"));
        Assert.That(() => SafeModel.Load(_sealed, _key, met).Dispose(), Throws.Nothing);
    }

    [Test]
    public void A_level_that_cannot_be_reached_is_refused()
    {
        var options = TestRuntime.Options;
        options.RequiredProtection = ProtectionLevel.Locked;

        Assert.That(() => TestRuntime.LoadDigits(options), Refused.With(SafeModelError.ProtectionUnavailable, "not encrypted"));
    }

    [Test]
    public void Weights_in_place_are_read_only_and_counted()
    {
        using var model = SafeModel.Load(_sealed, _key, TestRuntime.Options);

        Assert.That(model.Protection.IsReadOnly, Is.True);
        Assert.That(model.Protection.WeightBytes, Is.GreaterThan(100_000));
    }

    [Test]
    public void Weights_that_the_runtime_keeps_are_reported()
    {
        var options = TestRuntime.Options;
        options.LoadPath = LoadPath.LoadParams;
        using var model = SafeModel.Load(_sealed, _key, options);

        Assert.That(model.Protection.Level, Is.EqualTo(ProtectionLevel.Sealed));
        Assert.That(model.Protection.Reasons, Is.Not.Empty);
    }

    [Test]
    public void A_cancelled_load_ends_cancelled() =>
        Assert.That(async () => await SafeModel.LoadAsync(_sealed, _key, TestRuntime.Options, cancellationToken: new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());

    [Test]
    public async Task Progress_ends_at_everything()
    {
        var last = default(ModelProgress);
        using var model = await SafeModel.LoadAsync(_sealed, _key, TestRuntime.Options, new Reporter(p => last = p));

        Assert.That(last.Fraction, Is.EqualTo(1));
        Assert.That(last.BytesTotal, Is.GreaterThan(100_000));
    }

    [Test]
    public void Loading_and_disposing_again_and_again_leaves_no_descriptor_and_no_mapping()
    {
        for (var i = 0; i < 3; i++)
        {
            Cycle();
        }

        var (files, maps) = (Directory.GetFiles("/proc/self/fd").Length, File.ReadLines("/proc/self/maps").Count());
        for (var i = 0; i < 30; i++)
        {
            Cycle();
        }

        Assert.That(Directory.GetFiles("/proc/self/fd").Length - files, Is.LessThan(10));
        Assert.That(File.ReadLines("/proc/self/maps").Count() - maps, Is.LessThan(30));

        void Cycle()
        {
            using var model = SafeModel.Load(_sealed, _key, TestRuntime.Options);
            model.Run(DigitImages.Pixels[0]);
        }
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    private sealed class Reporter(Action<ModelProgress> action) : IProgress<ModelProgress>
    {
        public void Report(ModelProgress value) => action(value);
    }
}
