using Microsoft.Extensions.Logging;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>What options do, and which are refused.</summary>
[TestFixtureSource(typeof(TestModel), nameof(TestModel.Digits))]
public sealed class SafeModelOptionsTests(TestModel digits)
{
    private static readonly Action<SafeModelOptions>[] Impossible =
    [
        options => options.MaxConcurrentRuns = -1,
        options => options.ThreadsPerRun = -1,
        options => options.ThreadsPerRun = 257,
        options => options.DeviceIndex = 1,
        options => options.Device = (Device)7,
        options => options.LoadPath = (LoadPath)7,
        options => options.RequiredProtection = (ProtectionLevel)7,
    ];

    private string _source = null!;

    [OneTimeSetUp]
    public void Require() => _source = digits.Folder;

    [TestCaseSource(nameof(Impossible))]
    public void An_impossible_option_is_misuse(Action<SafeModelOptions> set)
    {
        var options = digits.Options;
        set(options);

        Assert.That(() => digits.LoadPlain(options), Throws.InstanceOf<ArgumentException>());
    }

    [Test]
    public void A_model_keeps_a_copy_of_its_options()
    {
        var options = digits.Options;
        options.MaxConcurrentRuns = 1;
        using var model = digits.LoadPlain(options);

        options.MaxConcurrentRuns = -5;

        Assert.That(() => model.Run(DigitImages.Pixels[0]), Throws.Nothing);
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(100)]
    public void The_number_of_threads_does_not_change_the_result(int threads)
    {
        var options = digits.Options;
        options.ThreadsPerRun = threads;
        using var model = digits.LoadPlain(options);
        using var usual = digits.LoadPlain();

        for (var i = 0; i < 3; i++)
        {
            Assert.That(model.Run(DigitImages.Pixels[i])[0].ToArray<float>(), Is.EqualTo(usual.Run(DigitImages.Pixels[i])[0].ToArray<float>()));
        }
    }

    [Test]
    public void A_second_runtime_library_is_refused_with_both_names()
    {
        using var folder = new TemporaryFolder();
        var (first, second) = (digits.Options.RuntimeLibrary, folder["libtvm_runtime.so"]);
        if (first is not null)
        {
            File.Copy(first, second);
        }

        using var model = digits.LoadPlain();

        Assert.That(() => digits.LoadPlain(new SafeModelOptions { RuntimeLibrary = second }), Throws.InvalidOperationException
            .With.Message.Contains(second).And.Message.Contains(first ?? "libsafetensor_tvm.so"));
    }

    [Test]
    public void Loading_a_plain_model_is_a_warning_in_the_log()
    {
        using var loggers = new RecordingLoggers();
        digits.LoadPlain(digits.Options.UseLoggerFactory(loggers)).Dispose();

        Assert.That(loggers.Entries.Where(entry => entry.Level == LogLevel.Warning).Select(entry => entry.Text), Has.One.Contains(_source));
    }

    [Test]
    public void A_refusal_is_in_the_log()
    {
        using var loggers = new RecordingLoggers();

        Assert.That(() => SafeModel.Load(_source, new byte[32], digits.Options.UseLoggerFactory(loggers)), Refused.With(SafeModelError.NotEncrypted));

        Assert.That(loggers.Entries.Where(entry => entry.Level == LogLevel.Error).Select(entry => entry.Text), Has.One.Contains(nameof(SafeModelError.NotEncrypted)));
    }

    [Test]
    public void The_level_and_what_keeps_it_from_more_are_in_the_log_once()
    {
        using var loggers = new RecordingLoggers();
        using var model = digits.LoadPlain(digits.Options.UseLoggerFactory(loggers));
        model.Run(DigitImages.Pixels[0]);

        var entry = loggers.Entries.Single(entry => entry.Text.Contains("protected", StringComparison.Ordinal));
        Assert.That(entry.Level, Is.EqualTo(LogLevel.Information));
        Assert.That(entry.Text, Does.Contain($"level {model.Protection.Level};").And.EndsWith(string.Join("; ", model.Protection.Reasons)));
        Assert.That(model.Protection.Reasons, Has.Some.Contains("not encrypted"));
    }

    [Test]
    public void A_load_is_in_the_log_and_event_ids_are_stable()
    {
        using var loggers = new RecordingLoggers();
        digits.LoadPlain(digits.Options.UseLoggerFactory(loggers)).Dispose();

        Assert.That(loggers.Entries.Select(entry => entry.Id.Id), Is.EqualTo(new[] { 1, 2 }));
    }
}
