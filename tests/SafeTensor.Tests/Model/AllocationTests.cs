using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>The runs that promise to allocate nothing.</summary>
[TestFixtureSource(typeof(TestModel), nameof(TestModel.Digits))]
public sealed class AllocationTests(TestModel digits)
{
    private readonly float[] _pixels = DigitImages.Pixels[0];
    private readonly float[] _output = new float[DigitImages.Classes];
    private SafeModel _model = null!;
    private ModelSession _session = null!;

    [OneTimeSetUp]
    public void Load()
    {
        _model = digits.LoadPlain();
        _session = _model.CreateSession();
    }

    [OneTimeTearDown]
    public void Dispose()
    {
        _session?.Dispose();
        _model?.Dispose();
    }

    [Test]
    public void A_run_on_the_callers_memory_allocates_nothing() => AssertNothing(() => _model.Run(_pixels, _output));

    [Test]
    public void A_sessions_run_allocates_nothing() => AssertNothing(_session.Run);

    [Test]
    public void A_sessions_spans_allocate_nothing() => AssertNothing(() =>
    {
        _pixels.CopyTo(_session.Input<float>());
        _pixels.CopyTo(_session.Input<float>("image"));
        _session.InputBytes().CopyTo(_session.InputBytes());
        _session.Output<float>("output0").CopyTo(_output);
        _session.OutputBytes()[..4].CopyTo(stackalloc byte[4]);
    });

    [Test]
    public void A_sessions_tensors_allocate_nothing() => AssertNothing(() =>
    {
        _session.InputTensor<float>()[0, 0, 0, 0] = 0;
        _ = _session.OutputTensor<float>()[0, 0];
    });

    [Test]
    public void A_batch_allocates_the_same_for_many_runs_as_for_few()
    {
        var options = digits.Options;
        options.MaxConcurrentRuns = 1;
        using var model = digits.LoadPlain(options);
        float[] few = new float[2 * 64], many = new float[500 * 64];
        float[] fewOutputs = new float[2 * 10], manyOutputs = new float[500 * 10];

        var forFew = Allocated(() => model.RunBatch(few, fewOutputs));
        var forMany = Allocated(() => model.RunBatch(many, manyOutputs));

        Assert.That(forMany, Is.EqualTo(forFew));
    }

    [Test]
    public void Named_inputs_of_a_run_allocate_no_more_than_its_outputs()
    {
        var single = Allocated(() => _model.Run(_pixels));

        Assert.That(Allocated(() => _model.Run(("image", _pixels))), Is.EqualTo(single));
    }

    private static void AssertNothing(Action action) => Assert.That(Allocated(action), Is.Zero);

    /// <summary>By the calling thread, once everything is compiled and warm.</summary>
    private static long Allocated(Action action)
    {
        for (var i = 0; i < 50; i++)
        {
            action();
        }

        // The runtime's own tiering may allocate on this thread once; a real allocation happens each time.
        var least = long.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
