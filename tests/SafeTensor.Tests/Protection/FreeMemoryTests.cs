using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

public sealed class FreeMemoryTests
{
    [Test]
    public void More_than_the_machine_has_is_refused_and_a_few_pages_never()
    {
        Assert.That(() => FreeMemory.Require(1L << 50), Throws.TypeOf<InsufficientMemoryException>().With.Message.Contains($"{1L << 50}"));
        Assert.That(() => FreeMemory.Require(4096), Throws.Nothing);
    }

    [Test]
    public void A_model_larger_than_the_memory_is_refused_before_any_of_it_is_read()
    {
        const long tensor = 1L << 40;
        using var folder = new TemporaryFolder();
        var model = folder.CopyOf(TestData.Digits);
        File.Delete(Path.Combine(model, "mod.params"));
        PlainParams.Create(model, count: 4, tensor);

        var peak = ResidentMemory.PeakOf(() => Assert.That(
            () => SafeModel.LoadPlain(model, TestRuntime.Options), Throws.TypeOf<InsufficientMemoryException>().With.Message.Contains($"{4 * tensor} bytes")));

        Assert.That(peak, Is.LessThan(64 << 20));
    }
}
