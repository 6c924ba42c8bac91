using NUnit.Framework;
using SafeTensor.Residue;

namespace SafeTensor.Tests;

/// <summary>The search that shows that nothing is left finds what is there.</summary>
[Parallelizable]
public sealed class ProcessScanTests
{
    [Test]
    public void It_finds_a_key_in_every_kind_of_memory()
    {
        using var model = ResidueModel.OfSize(10_240);
        using var process = new ResidueProcess(model);
        Assert.That(process.Search(), Is.EqualTo(Findings.Nothing));

        process.Ask(new Request { Step = Step.Plant, KeyFile = model.KeyFile });

        Assert.That(process.Search(), Is.EqualTo(new Findings { ModelKey = new(Plants.Protected, Plants.Elsewhere) }));
    }
}
