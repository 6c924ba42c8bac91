using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Executors are made on demand up to the limit and then waited for, first come first served.</summary>
[TestFixtureSource(typeof(TestModel), nameof(TestModel.Digits))]
public sealed class SessionPoolTests(TestModel digits)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private SafeModel _model = null!;
    private int _made;

    [OneTimeSetUp]
    public void Load() => _model = digits.LoadPlain();

    [OneTimeTearDown]
    public void Dispose() => _model?.Dispose();

    [SetUp]
    public void Reset() => _made = 0;

    [Test]
    public void Waiting_runs_are_served_in_the_order_they_came()
    {
        var pool = Pool(1);
        var session = pool.Rent();
        var waiting = Enumerable.Range(0, 10).Select(_ => pool.RentAsync(CancellationToken.None).AsTask()).ToArray();

        foreach (var turn in waiting)
        {
            Assert.That(waiting.Count(task => task.IsCompleted), Is.EqualTo(Array.IndexOf(waiting, turn)));
            pool.Return(session);
            Assert.That(turn.Wait(Patience), Is.True);
            Assert.That(turn.Result, Is.SameAs(session));
        }

        Assert.That(_made, Is.EqualTo(1));
        pool.Return(session);
        pool.Clear();
    }

    [Test]
    public void Executors_are_made_on_demand_and_kept()
    {
        var pool = Pool(3);
        pool.Return(pool.Rent());
        pool.Return(pool.Rent());
        Assert.That(_made, Is.EqualTo(1));

        ModelSession[] sessions = [pool.Rent(), pool.Rent(), pool.Rent()];
        Assert.That(_made, Is.EqualTo(3));
        Assert.That(pool.RentAsync(CancellationToken.None).AsTask().IsCompleted, Is.False);

        Array.ForEach(sessions, pool.Return);
        Assert.That(_made, Is.EqualTo(3));
    }

    [Test]
    public void A_cancelled_wait_ends_at_once_and_leaves_its_place()
    {
        var pool = Pool(1);
        var session = pool.Rent();
        using var cancellation = new CancellationTokenSource();
        var cancelled = pool.RentAsync(cancellation.Token).AsTask();
        var next = pool.RentAsync(CancellationToken.None).AsTask();

        cancellation.Cancel();

        Assert.That(async () => await cancelled.WaitAsync(Patience), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(next.IsCompleted, Is.False);
        pool.Return(session);
        Assert.That(next.Wait(Patience), Is.True);
        pool.Return(session);
        pool.Clear();
    }

    [Test]
    public void A_wait_that_is_cancelled_already_does_not_begin() =>
        Assert.That(async () => await Pool(1).RentAsync(new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());

    [Test]
    public void An_executor_that_cannot_be_made_leaves_its_place_to_the_next()
    {
        var fail = true;
        var pool = new SessionPool(() => fail ? throw new InvalidOperationException("no memory") : _model.CreateSession(), 1);

        Assert.That(pool.Rent, Throws.InvalidOperationException);
        fail = false;
        pool.Return(pool.Rent());
        pool.Clear();
    }

    [Test]
    public async Task A_cancelled_asynchronous_run_does_not_begin()
    {
        var run = _model.RunAsync(DigitImages.Pixels[0], new CancellationToken(canceled: true));

        Assert.That(async () => await run.WaitAsync(Patience), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((await _model.RunAsync(DigitImages.Pixels[0]))[0].ToArray<float>(), Has.Length.EqualTo(10));
    }

    private SessionPool Pool(int limit) => new(
        () =>
        {
            _made++;
            return _model.CreateSession();
        },
        limit);
}
