using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Runs that wait for the only executor while a long batch has it.</summary>
[TestFixtureSource(typeof(TestModel), nameof(TestModel.Digits))]
public sealed class WaitingRunTests(TestModel digits)
{
    private const int Runs = 20_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly float[] _inputs = [.. Enumerable.Range(0, Runs).SelectMany(_ => DigitImages.Pixels[0])];
    private float[] _outputs = null!;
    private float[] _expected = null!;
    private SafeModel _model = null!;

    [SetUp]
    public void Load()
    {
        var options = digits.Options;
        options.MaxConcurrentRuns = 1;
        _model = digits.LoadPlain(options);
        _expected = _model.Run(DigitImages.Pixels[0])[0].ToArray<float>();
        _outputs = new float[Runs * DigitImages.Classes];
    }

    [TearDown]
    public void Dispose() => _model?.Dispose();

    [Test]
    public void A_cancelled_asynchronous_run_ends_while_others_compute()
    {
        using var endOfBatch = new CancellationTokenSource();
        using var endOfWait = new CancellationTokenSource();
        var batch = StartBatch(endOfBatch.Token);
        var waiting = _model.RunAsync(DigitImages.Pixels[0], endOfWait.Token);
        Assert.That(waiting.IsCompleted, Is.False);

        endOfWait.Cancel();

        Assert.That(async () => await waiting.WaitAsync(Patience), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(batch.IsCompleted, Is.False);
        endOfBatch.Cancel();
        Assert.That(async () => await batch.WaitAsync(Patience), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task A_cancelled_batch_stops_between_runs_and_the_next_run_is_served()
    {
        using var cancellation = new CancellationTokenSource();
        var batch = StartBatch(cancellation.Token);
        var next = _model.RunAsync(DigitImages.Pixels[0]);

        cancellation.Cancel();

        Assert.That(async () => await batch.WaitAsync(Patience), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((await next.WaitAsync(Patience))[0].ToArray<float>(), Is.EqualTo(_expected));
        Assert.That(_outputs[^1], Is.Zero);
    }

    [Test]
    public void Dispose_waits_for_the_batch_that_is_under_way_and_its_results_are_whole()
    {
        var batch = StartBatch(CancellationToken.None);

        _model.Dispose();

        Assert.That(() => batch.Wait(Patience), Is.True);
        Assert.That(_outputs.AsSpan()[^DigitImages.Classes..].ToArray(), Is.EqualTo(_expected));
        Assert.That(() => _model.Run(DigitImages.Pixels[0]), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void A_run_that_waits_when_the_model_is_disposed_ends_too()
    {
        using var cancellation = new CancellationTokenSource();
        var batch = StartBatch(cancellation.Token);
        var waiting = _model.RunAsync(DigitImages.Pixels[0]);
        var disposing = Task.Run(_model.Dispose);

        cancellation.Cancel();

        Assert.That(() => disposing.Wait(Patience), Is.True);
        Assert.That(() => waiting.ContinueWith(_ => { }, TaskScheduler.Default).Wait(Patience), Is.True);
        Assert.That(waiting.IsCompletedSuccessfully || waiting.Exception?.InnerException is ObjectDisposedException, Is.True);
        Assert.That(async () => await batch.WaitAsync(Patience), Throws.InstanceOf<OperationCanceledException>());
    }

    /// <summary>A batch whose first run is done.</summary>
    private Task StartBatch(CancellationToken cancellationToken)
    {
        var batch = Task.Factory.StartNew(
            () => _model.RunBatch<float, float>(_inputs, _outputs, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.That(SpinWait.SpinUntil(() => Volatile.Read(ref _outputs[0]) != 0 || batch.IsCompleted, Patience), Is.True);
        return batch;
    }
}
