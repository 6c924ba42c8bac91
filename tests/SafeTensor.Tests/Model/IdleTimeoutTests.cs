using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

[NonParallelizable]
[TestFixtureSource(typeof(TestModel), nameof(TestModel.Digits))]
public sealed class IdleTimeoutTests(TestModel digits)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        ModelSealer.Seal(digits.Folder, _folder["sealed"], _key);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_model_that_nobody_runs_suspends_itself_again_and_again()
    {
        using var model = Load(TimeSpan.FromMilliseconds(20));
        float[]? first = null;
        for (var i = 0; i < 3; i++)
        {
            Assert.That(SpinWait.SpinUntil(() => model.IsSuspended, Patience), Is.True);
            var probabilities = model.Run(DigitImages.Pixels[0])[0].ToArray<float>();
            Assert.That(probabilities, Is.EqualTo(first ??= probabilities));
        }
    }

    [Test]
    public void The_time_counts_from_the_last_runs_end()
    {
        var time = new ManualTime();
        using var model = Load(TimeSpan.FromMinutes(10), time);

        time.Advance(TimeSpan.FromMinutes(9));
        model.Run(DigitImages.Pixels[0]);
        time.Advance(TimeSpan.FromMinutes(9));
        Assert.That(model.IsSuspended, Is.False, "9 minutes after the last run");
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.That(model.IsSuspended, Is.True, "11 minutes after the last run");
        model.Run(DigitImages.Pixels[0]);
        time.Advance(TimeSpan.FromMinutes(11));
        Assert.That(model.IsSuspended, Is.True, "11 minutes after the run that resumed it");
    }

    [Test]
    public async Task The_time_counts_from_a_resumption_too()
    {
        var time = new ManualTime();
        using var model = Load(TimeSpan.FromMinutes(10), time);
        time.Advance(TimeSpan.FromMinutes(19));
        Assert.That(model.IsSuspended, Is.True);

        await model.ResumeAsync();
        time.Advance(TimeSpan.FromMinutes(9));

        Assert.That(model.IsSuspended, Is.False);
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.That(model.IsSuspended, Is.True);
    }

    [Test]
    public void A_logger_that_throws_ends_nothing()
    {
        var time = new ManualTime();
        using var model = Load(TimeSpan.FromMinutes(10), time, new ThrowingLoggers(eventId: 4));

        Assert.That(() => time.Advance(TimeSpan.FromMinutes(11)), Throws.Nothing);

        Assert.That(model.IsSuspended, Is.True);
        Assert.That(() => model.Run(DigitImages.Pixels[0]), Throws.Nothing);
        time.Advance(TimeSpan.FromMinutes(11));
        Assert.That(model.IsSuspended, Is.True);
    }

    [Test]
    public void A_logger_that_throws_at_the_end_of_a_load_leaves_nothing_of_it()
    {
        var before = ProtectedMemory.ReservedBytes;

        Assert.That(() => Load(TimeSpan.FromMinutes(10), loggers: new ThrowingLoggers(eventId: 1)), Throws.TypeOf<IOException>());

        Assert.That(ProtectedMemory.ReservedBytes, Is.LessThanOrEqualTo(before));
    }

    [Test]
    public void A_model_that_nobody_disposed_is_collected_although_its_timer_runs()
    {
        var model = Abandon();
        for (var i = 0; i < 10 && model.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.That(model.IsAlive, Is.False);

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference Abandon() => new(Load(TimeSpan.FromDays(1)));
    }

    [Test]
    public void It_is_refused_where_nothing_could_resume_and_out_of_range()
    {
        var options = digits.Options;
        options.IdleTimeout = TimeSpan.FromMinutes(1);
        Assert.That(() => SafeModel.Load(_folder["sealed"], _key, options), Throws.ArgumentException.With.Message.Contains("ModelKey"));
        Assert.That(() => SafeModel.LoadAsync(_folder["sealed"], _key, options), Throws.ArgumentException.With.Message.Contains("ModelKey"));
        Assert.That(() => digits.LoadPlain(options), Throws.ArgumentException.With.Message.Contains("seal it"));
        Assert.That(() => Load(TimeSpan.Zero), Throws.ArgumentException.With.Message.Contains("IdleTimeout is 00:00:00"));
        Assert.That(() => Load(TimeSpan.FromDays(50)), Throws.ArgumentException.With.Message.Contains("49 days"));
    }

    private SafeModel Load(TimeSpan idleTimeout, TimeProvider? time = null, ILoggerFactory? loggers = null)
    {
        using var key = ModelKey.FromBytes(_key);
        var options = digits.Options;
        options.IdleTimeout = idleTimeout;
        return SafeModel.Load(_folder["sealed"], key, options.UseTimeProvider(time ?? TimeProvider.System).UseLoggerFactory(loggers ?? NullLoggerFactory.Instance));
    }

    private sealed class ThrowingLoggers(int eventId) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (id.Id == eventId)
            {
                throw new IOException("The log's disk is full.");
            }
        }

        public void Dispose()
        {
        }
    }
}
