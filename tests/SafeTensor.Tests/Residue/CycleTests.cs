using NUnit.Framework;
using SafeTensor.Residue;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Loading, running and disposing again and again takes no memory, no mapping and no descriptor for good.</summary>
[Parallelizable]
public sealed class CycleTests
{
    private const int First = 100, Cycles = 1000;
    private const long Slack = 5 << 20;

    // Of threads of .NET's pool, which come and go, and of the C library's heaps.
    private const int SlackOfMappings = 30;

    [Test]
    public void A_thousand_loads_runs_and_disposals_leave_nothing([Values(LoadPath.InPlace, LoadPath.LoadParams)] LoadPath path)
    {
        using var model = ResidueModel.Of(TestData.Digits);

        // All code is compiled at once and once, so that what grows is not code.
        using var process = new ResidueProcess(model, ("DOTNET_TieredCompilation", "0"));
        var cycle = process.Load with { Step = Step.Cycle, LoadPath = path };
        process.Ask(cycle with { Times = First });
        var before = process.Ask(Step.Measure);

        process.Ask(cycle with { Times = Cycles });

        var after = process.Ask(Step.Measure);
        TestContext.Out.WriteLine($"{(after.ResidentBytes - before.ResidentBytes) >> 10} KiB");
        Assert.That(after.ResidentBytes - before.ResidentBytes, Is.LessThan(Slack));
        Assert.That(after.Descriptors, Is.EquivalentTo(before.Descriptors));
        Assert.That(after.FileMappings, Is.EquivalentTo(before.FileMappings));
        Assert.That(after.AnonymousMappings - before.AnonymousMappings, Is.LessThan(SlackOfMappings));
    }
}
