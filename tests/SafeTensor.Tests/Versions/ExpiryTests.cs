using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Versions;

/// <summary>A package loads up to its not-after second, by the clock that the program gives, and not a tick longer.</summary>
public sealed class ExpiryTests
{
    private static readonly DateTimeOffset Epoch = DateTimeOffset.UnixEpoch;
    private static readonly DateTimeOffset Last = new(9999, 12, 31, 23, 59, 59, TimeSpan.Zero);
    private static readonly DateTimeOffset Usual = new(2027, 2, 28, 23, 59, 59, TimeSpan.Zero);

    private static readonly TestCaseData[] Moments =
    [
        new TestCaseData(Usual, Usual, true).SetArgDisplayNames("at the second"),
        new TestCaseData(Usual, Usual.AddTicks(-1), true).SetArgDisplayNames("a tick before"),
        new TestCaseData(Usual, Usual.AddSeconds(-1), true).SetArgDisplayNames("a second before"),
        new TestCaseData(Usual, Usual.AddTicks(1), false).SetArgDisplayNames("a tick after"),
        new TestCaseData(Usual, Usual.AddSeconds(1), false).SetArgDisplayNames("a second after"),
        new TestCaseData(Usual, Usual.ToOffset(TimeSpan.FromHours(14)), true).SetArgDisplayNames("at the second, in another zone"),
        new TestCaseData(Usual, new DateTimeOffset(Usual.DateTime, TimeSpan.FromHours(-1)), false).SetArgDisplayNames("the same numbers in a later zone"),
        new TestCaseData(Usual, new DateTimeOffset(Usual.DateTime, TimeSpan.FromHours(1)), true).SetArgDisplayNames("the same numbers in an earlier zone"),
        new TestCaseData(Usual, DateTimeOffset.MinValue, true).SetArgDisplayNames("the first moment of all"),
        new TestCaseData(Usual, DateTimeOffset.MaxValue, false).SetArgDisplayNames("the last moment of all"),
        new TestCaseData(Epoch, DateTimeOffset.MinValue, true).SetArgDisplayNames("the first moment of all, for the earliest date"),
        new TestCaseData(Epoch, Epoch, true).SetArgDisplayNames("at the earliest date"),
        new TestCaseData(Epoch, Epoch.AddTicks(1), false).SetArgDisplayNames("after the earliest date"),
        new TestCaseData(Last, Last, true).SetArgDisplayNames("at the latest date"),
        new TestCaseData(Last, DateTimeOffset.MinValue, true).SetArgDisplayNames("the first moment of all, for the latest date"),
        new TestCaseData(Last, DateTimeOffset.MaxValue, false).SetArgDisplayNames("the last moment of all, for the latest date"),
        new TestCaseData(null, DateTimeOffset.MaxValue, true).SetArgDisplayNames("the last moment of all, without a date"),
    ];

    private SealedVersions _digits = null!;

    [SetUp]
    public void MakeFolder() => _digits = new SealedVersions();

    [TearDown]
    public void Delete() => _digits.Dispose();

    [TestCaseSource(nameof(Moments))]
    public async Task Every_way_to_open_a_package_looks_at_the_clock(DateTimeOffset? notAfter, DateTimeOffset now, bool isAccepted)
    {
        var package = Seal(notAfter);
        var options = At(now);
        using var key = ModelKey.FromBytes(_digits.Key);
        (string Way, Func<Task> Open)[] ways =
        [
            ("a span", () => Task.Run(() => SafeModel.Load(package, _digits.Key, options).Dispose())),
            ("a key", () => Task.Run(() => SafeModel.Load(package, key, options).Dispose())),
            ("later", async () => (await SafeModel.LoadAsync(package, key, options)).Dispose()),
            ("a verification", () => ModelSealer.VerifyAsync(package, key, options)),
        ];
        foreach (var (way, open) in ways)
        {
            var failure = await Catch(open);

            Assert.That((failure as SafeModelException)?.Error, isAccepted ? Is.Null : Is.EqualTo(SafeModelError.Expired), $"{way}: {failure}");
        }
    }

    [Test]
    public void The_refusal_names_both_dates_and_the_way_out() => Assert.That(
        () => Load(Seal(Usual), At(Usual.AddDays(1))),
        Refused.With(SafeModelError.Expired, "mod.params expired on 2027-02-28 23:59:59Z; it is 2027-03-01 23:59:59Z. Ask the model's vendor for a newer package."));

    [Test]
    public void The_systems_clock_is_what_counts_by_default()
    {
        Assert.That(() => Load(Seal(DateTimeOffset.UtcNow.AddDays(-1)), TestRuntime.Options), Refused.With(SafeModelError.Expired));
        Assert.That(() => Load(Seal(DateTimeOffset.UtcNow.AddDays(1)), TestRuntime.Options), Throws.Nothing);
    }

    [Test]
    public void A_date_is_kept_to_the_second_and_never_lengthened()
    {
        using var model = SafeModel.Load(Seal(Usual.AddTicks(TimeSpan.TicksPerSecond - 1)), _digits.Key, At(Usual));

        Assert.That(model.Package!.NotAfter, Is.EqualTo(Usual));
    }

    [Test]
    public void A_date_before_1970_cannot_be_sealed() =>
        Assert.That(() => Seal(Epoch.AddTicks(-1)), Throws.ArgumentException.With.Message.Contains("must be 1970 or later"));

    [Test]
    public void A_model_that_is_loaded_goes_on_when_its_date_passes()
    {
        var clock = new MovingTime { Now = Usual };
        using var model = SafeModel.Load(Seal(Usual), _digits.Key, TestRuntime.Options.UseTimeProvider(clock));

        clock.Now = Usual.AddYears(1);

        Assert.That(() => model.Run(DigitImages.Pixels[0]), Throws.Nothing);
    }

    [Test]
    public void It_is_checked_before_any_other_file_is_opened_and_any_tensor_is_decrypted()
    {
        // Were a tensor read, its change would be found; were a file opened, its absence.
        var package = Seal(Usual);
        File.Delete(Path.Combine(package, "mod.so"));
        File.Delete(Path.Combine(package, "mod.json"));
        var bytes = File.ReadAllBytes(Path.Combine(package, "mod.params"));
        bytes[^1] ^= 1;
        File.WriteAllBytes(Path.Combine(package, "mod.params"), bytes);

        Assert.That(() => Load(package, At(Usual.AddTicks(1))), Refused.With(SafeModelError.Expired));
        Assert.That(() => Load(package, At(Usual)), Throws.TypeOf<FileNotFoundException>());
    }

    private string Seal(DateTimeOffset? notAfter) =>
        _digits.SealNew(_digits["package"], new SealOptions { NotAfter = notAfter, Overwrite = true });

    private void Load(string package, SafeModelOptions options) => SafeModel.Load(package, _digits.Key, options).Dispose();

    private static SafeModelOptions At(DateTimeOffset now) => TestRuntime.Options.UseTimeProvider(new FixedTime(now));

    private static async Task<Exception?> Catch(Func<Task> action)
    {
        try
        {
            await action();
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private sealed class MovingTime : TimeProvider
    {
        internal DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
