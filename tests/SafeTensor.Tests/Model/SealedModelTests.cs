using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;
using SafeTensor.Tests.Versions;

namespace SafeTensor.Tests;

/// <summary>A sealed model runs exactly like the plain one, and only with its key and as demanded.</summary>
[TestFixtureSource(typeof(TestModel), nameof(TestModel.Digits))]
public sealed class SealedModelTests(TestModel digits)
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private readonly DateTimeOffset _notAfter = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private TemporaryFolder _folder = null!;
    private string _sealed = null!;
    private long _weightBytes;

    [OneTimeSetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        _sealed = _folder["sealed"];
        ModelSealer.Seal(digits.Folder, _sealed, _key, new SealOptions { ModelId = "digits", ModelVersion = 7, NotAfter = _notAfter });
        using var parameters = PackageFile.Open(Path.Combine(digits.Folder, "mod.params"));
        _weightBytes = ParamsReader.Read(parameters).Sum(tensor => tensor.Info.ByteLength);
    }

    [OneTimeTearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void It_gives_the_plain_models_bits()
    {
        using var plain = digits.LoadPlain();
        var expected = Array.ConvertAll(DigitImages.Pixels, pixels => plain.Run(pixels)[0].ToArray<float>());
        foreach (var path in digits.LoadPaths.Append(LoadPath.Auto))
        {
            var options = digits.Options;
            options.LoadPath = path;
            using var model = SafeModel.Load(_sealed, _key, options);

            Assert.That(DigitImages.Pixels.Select(pixels => model.Run(pixels)[0].ToArray<float>()), Is.EqualTo(expected), $"{path}");
        }
    }

    [Test]
    public async Task Every_way_to_load_works()
    {
        using var key = ModelKey.FromBytes(_key);
        using var bySpan = SafeModel.Load(_sealed, _key, digits.Options);
        using var byKey = SafeModel.Load(_sealed, key, digits.Options);
        using var bySpanLater = await SafeModel.LoadAsync(_sealed, _key, digits.Options);
        using var byKeyLater = await SafeModel.LoadAsync(_sealed, key, digits.Options);

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
        SafeModel.Load(_sealed, key, digits.Options).Dispose();
        Assert.That(key, Is.EqualTo(_key));
    }

    [Test]
    public void Another_key_is_refused() =>
        Assert.That(() => SafeModel.Load(_sealed, RandomNumberGenerator.GetBytes(32), digits.Options), Refused.With(SafeModelError.WrongKey));

    [Test]
    public void Zeros_are_no_key_wherever_they_come_from()
    {
        using var key = ModelKey.FromBytes(new byte[32]);
        Action[] uses =
        [
            () => SafeModel.Load(_sealed, new byte[32], digits.Options),
            () => SafeModel.Load(_sealed, key, digits.Options),
            () => SafeModel.LoadAsync(_sealed, new byte[32], digits.Options).GetAwaiter().GetResult(),
            () => ModelSealer.VerifyAsync(_sealed, key).GetAwaiter().GetResult(),
            () => ModelSealer.Seal(digits.Folder, _folder["zeros"], new byte[32]),
            () => ModelSealer.SealAsync(digits.Folder, _folder["zeros"], key).GetAwaiter().GetResult(),
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
        Assert.That(() => SafeModel.Load(digits.Folder, _key, digits.Options), Refused.With(SafeModelError.NotEncrypted));

    [Test]
    public void A_sealed_model_is_no_plain_one() =>
        Assert.That(() => SafeModel.LoadPlain(_sealed, digits.Options), Refused.With(SafeModelError.ModelInvalid, "sealed"));

    [Test]
    public void A_missing_package_is_named() =>
        Assert.That(() => SafeModel.Load("/no/such/package", _key), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("/no/such/package"));

    [Test]
    public void Demands_are_checked()
    {
        var other = digits.Options;
        other.ExpectedModelId = "letters";
        var newer = digits.Options;
        newer.MinimumVersion = 8;
        var later = digits.Options.UseTimeProvider(new FixedTime(_notAfter.AddSeconds(1)));
        var met = digits.Options.UseTimeProvider(new FixedTime(_notAfter.AddSeconds(-1)));
        (met.ExpectedModelId, met.MinimumVersion) = ("digits", 7);

        Assert.That(() => SafeModel.Load(_sealed, _key, other), Refused.With(SafeModelError.WrongPackage, "letters"));
        Assert.That(() => SafeModel.Load(_sealed, _key, newer), Refused.With(SafeModelError.RolledBack, "8"));
        Assert.That(() => SafeModel.Load(_sealed, _key, later), Refused.With(SafeModelError.Expired, "2030"));
        Assert.That(() => SafeModel.Load(_sealed, _key, met).Dispose(), Throws.Nothing);
    }

    [Test]
    public void A_level_that_cannot_be_reached_is_refused()
    {
        var options = digits.Options;
        options.RequiredProtection = ProtectionLevel.Locked;

        Assert.That(() => digits.LoadPlain(options), Refused.With(SafeModelError.ProtectionUnavailable, "not encrypted"));
    }

    [Test]
    public void Weights_in_place_are_read_only_and_counted()
    {
        using var model = SafeModel.Load(_sealed, _key, digits.Options);

        Assert.That(model.Protection.IsReadOnly, Is.True);
        Assert.That(model.Protection.WeightBytes, Is.GreaterThanOrEqualTo(_weightBytes));
    }

    [Test]
    public void A_cancelled_load_ends_cancelled() =>
        Assert.That(async () => await SafeModel.LoadAsync(_sealed, _key, digits.Options, cancellationToken: new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());

    [Test]
    public async Task Progress_ends_at_everything()
    {
        var last = default(ModelProgress);
        using var model = await SafeModel.LoadAsync(_sealed, _key, digits.Options, new Reporter(p => last = p));

        Assert.That(last.Fraction, Is.EqualTo(1));
        Assert.That(last.BytesTotal, Is.GreaterThanOrEqualTo(_weightBytes));
    }

    [Test]
    public void Loading_and_disposing_again_and_again_leaves_no_descriptor_and_no_mapping()
    {
        for (var i = 0; i < 5; i++)
        {
            Cycle();
        }

        var (files, maps) = (Directory.GetFiles("/proc/self/fd").Length, Mappings());
        for (var i = 0; i < 50; i++)
        {
            Cycle();
        }

        Assert.That(Directory.GetFiles("/proc/self/fd").Length - files, Is.LessThan(10));
        Assert.That(Mappings() - maps, Is.LessThan(30));

        // Without the compiler's own, which come with whatever is compiled meanwhile.
        static int Mappings() => File.ReadLines("/proc/self/maps").Count(line => !line.Contains("doublemapper", StringComparison.Ordinal));

        void Cycle()
        {
            using var model = SafeModel.Load(_sealed, _key, digits.Options);
            using var session = model.CreateSession();
            model.Run(DigitImages.Pixels[0]);
            session.Run();
        }
    }

    private sealed class Reporter(Action<ModelProgress> action) : IProgress<ModelProgress>
    {
        public void Report(ModelProgress value) => action(value);
    }
}
