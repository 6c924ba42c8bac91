using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Many threads on one model: the right bits, one at a time on a session, and an orderly end.</summary>
[TestFixtureSource(typeof(TestModel), nameof(TestModel.Digits))]
public sealed class ConcurrencyTests(TestModel digits)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Test]
    public void Threads_get_the_bits_of_their_own_inputs([Values(0, 1, 3)] int concurrency)
    {
        foreach (var path in digits.LoadPaths)
        {
            var options = digits.Options;
            (options.MaxConcurrentRuns, options.LoadPath) = (concurrency, path);
            using var model = digits.LoadPlain(options);
            AssertThreadsGetTheirOwn(model);
        }
    }

    [Test]
    public async Task Many_asynchronous_runs_wait_for_few_executors()
    {
        var options = digits.Options;
        options.MaxConcurrentRuns = 2;
        using var model = digits.LoadPlain(options);
        var expected = Array.ConvertAll(DigitImages.Pixels, pixels => model.Run(pixels)[0].ToArray<float>());

        var results = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => model.RunAsync(DigitImages.Pixels[i % 10]))).WaitAsync(Patience);

        Assert.That(results.Select(outputs => outputs[0].ToArray<float>()), Is.EqualTo(Enumerable.Range(0, 500).Select(i => expected[i % 10])));
    }

    [Test]
    public void Sessions_on_threads_of_their_own_do_not_meet()
    {
        using var model = digits.LoadPlain();
        var expected = Array.ConvertAll(DigitImages.Pixels, pixels => model.Run(pixels)[0].ToArray<float>());

        OnThreads(4, thread =>
        {
            using var session = model.CreateSession();
            for (var i = 0; i < 200; i++)
            {
                var image = (thread + i) % 10;
                DigitImages.Pixels[image].CopyTo(session.Input<float>());
                session.Run();
                Assert.That(session.Output<float>().ToArray(), Is.EqualTo(expected[image]));
            }
        });
    }

    [Test]
    public void A_session_on_two_threads_throws_and_never_gives_wrong_numbers()
    {
        using var model = digits.LoadPlain();
        using var session = model.CreateSession();
        DigitImages.Pixels[0].CopyTo(session.Input<float>());
        session.Run();
        var expected = session.Output<float>().ToArray();
        var refusals = 0;

        OnThreads(2, _ =>
        {
            for (var i = 0; i < 100_000 && Volatile.Read(ref refusals) == 0; i++)
            {
                try
                {
                    session.Run();
                }
                catch (InvalidOperationException e)
                {
                    Assert.That(e.Message, Does.Contain("under way"));
                    Interlocked.Increment(ref refusals);
                }
            }
        });

        Assert.That(refusals, Is.Positive);
        session.Run();
        Assert.That(session.Output<float>().ToArray(), Is.EqualTo(expected));
    }

    [Test, Repeat(20)]
    public void Disposing_while_threads_run_waits_for_them_and_refuses_the_next()
    {
        var model = digits.LoadPlain();
        var expected = model.Run(DigitImages.Pixels[0])[0].ToArray<float>();
        var threads = Started(4, () =>
        {
            var outputs = model.Run(DigitImages.Pixels[0]);
            Assert.That(outputs[0].ToArray<float>(), Is.EqualTo(expected));
        });

        model.Dispose();

        Assert.That(() => Task.WaitAll(threads, Patience), Is.True);
    }

    [Test, Repeat(100)]
    public void Disposing_a_model_while_its_sessions_run_ends_them()
    {
        var model = digits.LoadPlain();
        var threads = Enumerable.Range(0, 4).Select(_ => model.CreateSession()).SelectMany(session => Started(1, session.Run)).ToArray();

        model.Dispose();

        Assert.That(() => Task.WaitAll(threads, Patience), Is.True);
    }

    [Test, Repeat(20)]
    public void Disposing_while_asynchronous_runs_wait_ends_every_task()
    {
        var options = digits.Options;
        options.MaxConcurrentRuns = 1;
        var model = digits.LoadPlain(options);
        var runs = Enumerable.Range(0, 50).Select(_ => model.RunAsync(DigitImages.Pixels[0])).ToArray();

        model.Dispose();

        Assert.That(() => Task.WhenAll(runs.Select(run => run.ContinueWith(_ => { }, TaskScheduler.Default))).Wait(Patience), Is.True);
        Assert.That(runs.Where(run => run.IsFaulted).Select(run => run.Exception!.InnerException), Is.All.TypeOf<ObjectDisposedException>());
    }

    private static void AssertThreadsGetTheirOwn(SafeModel model)
    {
        var expected = Array.ConvertAll(DigitImages.Pixels, pixels => model.Run(pixels)[0].ToArray<float>());

        OnThreads(8, thread =>
        {
            var output = new float[DigitImages.Classes];
            for (var i = 0; i < 200; i++)
            {
                var image = (thread + i) % 10;
                if (i % 2 == 0)
                {
                    model.Run(DigitImages.Pixels[image], output);
                }
                else
                {
                    output = model.Run(("image", DigitImages.Pixels[image]))[0].ToArray<float>();
                }

                Assert.That(output, Is.EqualTo(expected[image]));
            }
        });
    }

    /// <summary>Threads that repeat an action, which each has done once, until the model is disposed.</summary>
    private static Task[] Started(int count, Action action)
    {
        var ready = new CountdownEvent(count);
        var threads = Enumerable.Range(0, count).Select(_ => Task.Factory.StartNew(
            () =>
            {
                action();
                ready.Signal();
                try
                {
                    while (true)
                    {
                        action();
                    }
                }
                catch (ObjectDisposedException)
                {
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        Assert.That(ready.Wait(Patience), Is.True);
        return threads;
    }

    private static void OnThreads(int count, Action<int> action)
    {
        using var start = new Barrier(count);
        var threads = Enumerable.Range(0, count).Select(thread => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                action(thread);
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        Assert.That(() => Task.WaitAll(threads, Patience), Is.True);
    }
}
