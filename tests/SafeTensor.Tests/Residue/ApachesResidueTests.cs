using NUnit.Framework;
using SafeTensor.Residue;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Apache's runtimes keep copies of weights and leave them behind, and the protection report says so. Keys they never get.</summary>
[Parallelizable]
public sealed class ApachesResidueTests
{
    internal const string Reason = "Apache's runtimes keep copies of weights, which nobody wipes: ApachesResidueTests.";

    [SetUp]
    public void RequireApaches()
    {
        if (TestRuntime.Library is null)
        {
            Assert.Ignore("SAFETENSOR_TEST_RUNTIME names none of Apache's runtimes.");
        }
    }

    [Test]
    public void Weights_that_operators_read_are_in_place_once_and_nowhere_afterwards()
    {
        using var model = ResidueModel.Of(TestData.Digits);
        using var process = new ResidueProcess(model);

        process.Ask(process.Load);

        Assert.That(process.Search(), Is.EqualTo(new Findings { Weights = new(1) }));
        process.Ask(Step.Run);
        Assert.That(process.Search(), Is.EqualTo(new Findings { Weights = new(1) }));
        process.Ask(Step.Dispose);
        Assert.That(process.Search(), Is.EqualTo(Findings.Nothing));
    }

    [Test]
    public void Weights_that_cannot_be_pointed_elsewhere_are_in_the_runtimes_memory_too()
    {
        using var model = ResidueModel.OfSize(10_240);
        using var process = new ResidueProcess(model);

        var load = process.Ask(process.Load);

        Assert.That(process.Search(), Is.EqualTo(new Findings { Weights = new(1, Elsewhere: 1) }));
        Assert.That(load.Reasons, Has.Some.Contains("'large'").And.Contains("nor wiped"));
        Assert.That(load.Reasons, Has.Some.Contains("'small'").And.Contains("nor wiped"));
        AssertLeftBehind(process);
    }

    [Test]
    public void Weights_that_are_handed_over_are_in_the_runtimes_memory_alone()
    {
        using var model = ResidueModel.OfSize(1 << 20);
        using var process = new ResidueProcess(model);

        var load = process.Ask(process.Load with { LoadPath = LoadPath.LoadParams });

        // How often depends on what its heap did with the copies that it no longer needs.
        var scan = process.Ask(Step.Search).Scans[0];
        Assert.That(scan.Sightings.Select(sighting => sighting.Place), Has.None.EqualTo(Places.Protected));
        Assert.That(scan.Sightings.Select(sighting => sighting.Needle), Is.SupersetOf(model.Weights.Keys));
        Assert.That(Findings.OfKeys(scan), Is.EqualTo(Findings.Nothing));
        Assert.That(load.Reasons, Has.Some.Contains("neither locked nor read-only, and nobody wipes the copies that it leaves behind"));
        AssertLeftBehind(process);
    }

    private static void AssertLeftBehind(ResidueProcess process)
    {
        process.Ask(Step.Dispose);
        var scan = process.Ask(Step.Search).Scans[0];
        Assert.That(Findings.OfKeys(scan), Is.EqualTo(Findings.Nothing));
        TestContext.Out.WriteLine($"{scan.Sightings.Count} pieces of weights stay behind.");
    }
}
