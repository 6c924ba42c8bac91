using NUnit.Framework;
using NUnit.Framework.Interfaces;
using SafeTensor.Residue;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>A loaded model's weights are in memory once, and nowhere when it is gone: a process of its own loads it and searches itself.</summary>
/// <param name="size">Of the model's large tensor, in bytes.</param>
[Parallelizable]
[TestFixture(10_240)]
[TestFixture(1 << 20)]
[TestFixture(100 << 20)]
public sealed class WeightResidueTests(int size)
{
    private const int Cycles = 100;

    private ResidueModel _model = null!;
    private ResidueProcess? _running;

    /// <summary>Below a segment's size one thread decrypts all.</summary>
    private int Workers => size < 1 << 20 ? 1 : ResidueProcess.Workers;

    private IEnumerable<(int, string, long)> InPlace => _model.Weights.Select(weight => (weight.Key, Places.Protected, weight.Value));

    private ResidueProcess Process => _running ??= new ResidueProcess(_model);

    [OneTimeSetUp]
    public void Seal()
    {
        if (TestRuntime.Library is not null)
        {
            Assert.Ignore(ApachesResidueTests.Reason);
        }

        _model = ResidueModel.OfSize(size);
    }

    [OneTimeTearDown]
    public void Delete()
    {
        _running?.Dispose();
        _model?.Dispose();
    }

    // What one test leaves, the next one finds; a failed test's process may still have its model.
    [TearDown]
    public void EndAfterFailure()
    {
        if (TestContext.CurrentContext.Result.Outcome.Status == TestStatus.Failed)
        {
            _running?.Dispose();
            _running = null;
        }
    }

    [Test]
    public void Weights_are_in_place_once_while_the_model_is_loaded()
    {
        Assert.That(Process.Search(), Is.EqualTo(Findings.Nothing));

        var load = Process.Ask(Process.Load with { Searches = true, Workers = Workers });

        AssertDecrypting(load, new Copies());
        AssertInPlace("loaded");
        Process.Ask(Step.Run);
        AssertInPlace("run");
        Process.Ask(Step.Dispose);
        Assert.That(Process.Search(), Is.EqualTo(Findings.Nothing), "disposed");
    }

    [Test]
    public void Weights_that_the_runtime_keeps_are_there_once_while_the_model_is_loaded()
    {
        var load = Process.Ask(Process.Load with { LoadPath = LoadPath.LoadParams, Searches = true });

        // The last memory that is given back is what tensors passed through.
        var keys = new Findings { HeaderKey = new(1), DataKey = new(1) };
        Assert.That(load.Scans[..^1].Select(scan => Findings.Of(_model, scan)), Is.Not.Empty.And.All.EqualTo(keys));
        Assert.That(Findings.Of(_model, load.Scans[^1]), Is.EqualTo(keys with { Weights = new(0, Elsewhere: 1) }));
        Assert.That(load.Reasons, Has.Some.StartsWith("the weights are in memory of the TVM runtime's own"));
        Assert.That(Process.Search(), Is.EqualTo(new Findings { Weights = new(0, Elsewhere: 1) }), "loaded");
        Process.Ask(Step.Run);
        Assert.That(Process.Search(), Is.EqualTo(new Findings { Weights = new(0, Elsewhere: 1) }), "run");
        Process.Ask(Step.Dispose);
        Assert.That(Process.Search(), Is.EqualTo(Findings.Nothing), "disposed");
    }

    [Test]
    public void A_load_that_fails_leaves_none([Values(LoadPath.InPlace, LoadPath.LoadParams)] LoadPath path)
    {
        var load = Process.Load with { LoadPath = path };
        WithLastByteFlipped(() => AssertFails(load, SafeModelError.Tampered));
        AssertFails(load with { KeyFile = _model.WrongKeyFile }, SafeModelError.WrongKey);
        AssertFails(load with { RequiredProtection = ProtectionLevel.Secret }, SafeModelError.ProtectionUnavailable);

        void AssertFails(Request request, SafeModelError error)
        {
            Assert.That(Process.Ask(request).Error, Is.EqualTo(error.ToString()));
            Assert.That(Process.Search(), Is.EqualTo(Findings.Nothing), error.ToString());
        }
    }

    [Test]
    public void A_load_that_is_cancelled_leaves_none()
    {
        Assert.That(Process.Ask(Process.Load with { Cancels = true }).Error, Is.EqualTo(nameof(OperationCanceledException)));

        Assert.That(Process.Search(), Is.EqualTo(Findings.Nothing));
    }

    [Test]
    public void Loads_and_disposals_again_and_again_leave_none([Values(LoadPath.InPlace, LoadPath.LoadParams)] LoadPath path)
    {
        Process.Ask(Process.Load with { Step = Step.Cycle, LoadPath = path, Times = Cycles });

        Assert.That(Process.Search(), Is.EqualTo(Findings.Nothing));
    }

    [Test]
    public void Weights_are_nowhere_while_the_model_is_suspended([Values] bool isSecret)
    {
        if (Process.Ask(Process.Load with { SecretWeights = isSecret }).Error == nameof(SafeModelError.ProtectionUnavailable))
        {
            Assert.Ignore("This system has no secret memory of that size.");
        }

        Assert.That(Process.Ask(Step.Search).Scans[0].SecretBytes >= size, Is.EqualTo(isSecret), "only this process can read it");
        Process.Ask(Step.Suspend);
        Assert.That(Process.Search(), Is.EqualTo(Findings.Nothing), "suspended");
        AssertDecrypting(Process.Ask(Process.Resume with { Searches = true, Workers = Workers }), new Copies());
        AssertInPlace("resumed");
        Process.Ask(Step.Suspend);
        Assert.That(Process.Search(), Is.EqualTo(Findings.Nothing), "suspended again");
        Process.Ask(Step.Run);
        AssertInPlace("resumed by a run");
        Process.Ask(Step.Suspend);
        WithLastByteFlipped(() => Assert.That(Process.Ask(Process.Resume).Error, Is.EqualTo(nameof(SafeModelError.Tampered))));
        Assert.That(Process.Search(), Is.EqualTo(Findings.Nothing), "not resumed");
        Process.Ask(Process.Resume);
        AssertInPlace("resumed once more");
        Process.Ask(Step.Dispose);
        Assert.That(Process.Search(), Is.EqualTo(Findings.Nothing), "disposed");
    }

    private void AssertInPlace(string stage)
    {
        var scan = Process.Ask(Step.Search).Scans[0];
        Assert.That(Findings.OfKeys(scan), Is.EqualTo(Findings.Nothing), stage);
        Assert.That(Weights(scan), Is.EquivalentTo(InPlace), stage);
    }

    /// <summary>What was found at the first and at the last progress.</summary>
    /// <param name="answer">Of a load or a resumption.</param>
    /// <param name="modelKey">The model key's copies.</param>
    private void AssertDecrypting(Answer answer, Copies modelKey)
    {
        Assert.That(answer.Scans, Has.Count.EqualTo(Workers));
        var keys = new Findings { ModelKey = modelKey, HeaderKey = new(1), DataKey = new(1, Elsewhere: 1) };
        Assert.That(Findings.OfKeys(answer.Scans[0]), Is.EqualTo(keys with { DataKey = new(1, Elsewhere: Workers) }), "the first progress");
        Assert.That(Weights(answer.Scans[0]), Is.Not.Empty.And.SubsetOf(InPlace), "the first progress");
        Assert.That(Findings.OfKeys(answer.Scans[^1]), Is.EqualTo(keys), "the last progress");
        Assert.That(Weights(answer.Scans[^1]), Is.EquivalentTo(InPlace), "the last progress");
    }

    private void WithLastByteFlipped(Action action)
    {
        _model.FlipLastByte();
        try
        {
            action();
        }
        finally
        {
            _model.FlipLastByte();
        }
    }

    private List<(int Needle, string Place, long Offset)> Weights(Scan scan) =>
        [.. scan.Sightings.Where(sighting => _model.Weights.ContainsKey(sighting.Needle)).Select(sighting => (sighting.Needle, sighting.Place, sighting.Offset))];
}
