using NUnit.Framework;
using SafeTensor.Residue;
using SafeTensor.Runtime;
using SafeTensor.Tests.Relax;

namespace SafeTensor.Tests;

/// <summary>As <see cref="WeightResidueTests"/>, with models that compute.</summary>
[Parallelizable]
public sealed class RealModelResidueTests
{
    [Test]
    public void The_weights_of_a_model_that_computes_are_there_once([Values("digits", "resnet18")] string name)
    {
        if (TestRuntime.Library is not null)
        {
            Assert.Ignore(ApachesResidueTests.Reason);
        }

        using var model = ResidueModel.Of(name == "digits" ? TestData.Digits : TestData.SharedFolder("models", name));
        using var process = new ResidueProcess(model);
        Assert.That(model.Weights, Has.Count.GreaterThan(8));
        AssertOnce(process, LoadPath.InPlace, new Findings { Weights = new(1) });
        AssertOnce(process, LoadPath.LoadParams, new Findings { Weights = new(0, Elsewhere: 1) });
    }

    /// <summary>Apache's runtime for them takes weights where they are.</summary>
    [Test]
    public void The_weights_of_a_Relax_model_are_there_once()
    {
        using var model = ResidueModel.Of(RelaxCase.Folder("relax-digits"));
        using var process = new ResidueProcess(model);
        var loaded = new Findings { Weights = new(1) };

        process.Ask(process.Load with { RuntimeLibrary = RelaxCase.Library });

        Assert.That(process.Search(), Is.EqualTo(loaded), "loaded");
        process.Ask(Step.Run);
        Assert.That(process.Search(), Is.EqualTo(loaded), "run");
        process.Ask(Step.Suspend);
        Assert.That(process.Search(), Is.EqualTo(Findings.Nothing), "suspended");
        process.Ask(Step.Run);
        Assert.That(process.Search(), Is.EqualTo(loaded), "resumed");
        process.Ask(Step.Dispose);
        Assert.That(process.Search(), Is.EqualTo(Findings.Nothing), "disposed");
    }

    /// <summary>Rows of its embedding are in what it computes, and in what its kernels repack.</summary>
    [Test]
    public void What_a_Relax_model_computed_is_gone_when_it_is_suspended_or_disposed()
    {
        using var model = ResidueModel.Of(RelaxCase.Folder("relax-magika"));
        using var process = new ResidueProcess(model);
        process.Ask(process.Load with { RuntimeLibrary = RelaxCase.Library });

        process.Ask(Step.Run);
        var sightings = process.Ask(Step.Search).Scans[0].Sightings;
        Assert.That(sightings.Count(sighting => model.Weights.ContainsKey(sighting.Needle) && sighting.Place != Places.Protected), Is.Positive, "run");
        process.Ask(Step.Suspend);
        Assert.That(process.Search(), Is.EqualTo(Findings.Nothing), "suspended");
        process.Ask(Step.Run);
        process.Ask(Step.Dispose);
        Assert.That(process.Search(), Is.EqualTo(Findings.Nothing), "disposed");
    }

    private static void AssertOnce(ResidueProcess process, LoadPath path, Findings loaded)
    {
        process.Ask(process.Load with { LoadPath = path });
        Assert.That(process.Search(), Is.EqualTo(loaded), $"{path}, loaded");
        process.Ask(Step.Run);
        Assert.That(process.Search(), Is.EqualTo(loaded), $"{path}, run");
        process.Ask(Step.Dispose);
        Assert.That(process.Search(), Is.EqualTo(Findings.Nothing), $"{path}, disposed");
    }
}
