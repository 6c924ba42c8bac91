using NUnit.Framework;
using SafeTensor.Residue;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>As <see cref="WeightResidueTests"/>, with models that compute.</summary>
[Parallelizable]
public sealed class RealModelResidueTests
{
    private static IEnumerable<TestModel> Models => [.. TestModel.Digits, TestModel.Shared("resnet18")];

    [TestCaseSource(nameof(Models))]
    public void The_weights_of_a_model_that_computes_are_there_once(TestModel tested)
    {
        // Apache's runtime for Relax models takes weights where they are.
        if (!tested.IsRelax && TestRuntime.Library is not null)
        {
            Assert.Ignore(ApachesResidueTests.Reason);
        }

        using var model = ResidueModel.Of(tested.Folder);
        using var process = new ResidueProcess(model);
        Assert.That(model.Weights, Has.Count.GreaterThan(8));
        foreach (var path in tested.LoadPaths)
        {
            var loaded = new Findings { Weights = path == LoadPath.InPlace ? new(1) : new(0, Elsewhere: 1) };
            process.Ask(process.Load with { LoadPath = path, RuntimeLibrary = tested.Options.RuntimeLibrary });
            Assert.That(process.Search(), Is.EqualTo(loaded), $"{path}, loaded");
            process.Ask(Step.Run);
            Assert.That(process.Search(), Is.EqualTo(loaded), $"{path}, run");
            if (path == LoadPath.InPlace)
            {
                process.Ask(Step.Suspend);
                Assert.That(process.Search(), Is.EqualTo(Findings.Nothing), "suspended");
                process.Ask(Step.Run);
                Assert.That(process.Search(), Is.EqualTo(loaded), "resumed");
            }

            process.Ask(Step.Dispose);
            Assert.That(process.Search(), Is.EqualTo(Findings.Nothing), $"{path}, disposed");
        }
    }

    /// <summary>Rows of its embedding are in what it computes, and in what its kernels repack.</summary>
    [Test]
    public void What_a_Relax_model_computed_is_gone_when_it_is_suspended_or_disposed()
    {
        using var model = ResidueModel.Of(TestModel.Shared("relax-magika").Folder);
        using var process = new ResidueProcess(model);
        process.Ask(process.Load with { RuntimeLibrary = TestRuntime.RelaxLibrary });

        process.Ask(Step.Run);
        var sightings = process.Ask(Step.Search).Scans[0].Sightings;
        Assert.That(sightings.Count(sighting => model.Weights.ContainsKey(sighting.Needle) && sighting.Place != Places.Protected), Is.Positive, "run");
        process.Ask(Step.Suspend);
        Assert.That(process.Search(), Is.EqualTo(Findings.Nothing), "suspended");
        process.Ask(Step.Run);
        process.Ask(Step.Dispose);
        Assert.That(process.Search(), Is.EqualTo(Findings.Nothing), "disposed");
    }
}
