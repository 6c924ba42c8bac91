using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Outputs by place and by name, and what describes them.</summary>
public sealed class ModelOutputsTests
{
    private readonly ModelOutputs _outputs = new(
        [new[] { 1f, 2 }, new[] { 3L }], [new TensorInfo("output0", ElementType.Float32, [2]), new TensorInfo("output1", ElementType.Int64, [])], package: null);

    [Test]
    public void They_are_found_by_place_and_by_name()
    {
        Assert.That(_outputs, Has.Count.EqualTo(2));
        Assert.That(_outputs[1].ToArray<long>(), Is.EqualTo(new[] { 3L }));
        Assert.That(_outputs["output0"].ToArray<float>(), Is.EqualTo(new[] { 1f, 2 }));
        Assert.That(_outputs.Select(output => output.ElementType), Is.EqualTo(new[] { ElementType.Float32, ElementType.Int64 }));
    }

    [TestCase(-1)]
    [TestCase(2)]
    public void A_place_that_does_not_exist_is_refused_with_the_number_of_outputs(int index) =>
        Assert.That(() => _outputs[index], Throws.InstanceOf<ArgumentException>().With.Message.Contains("2 outputs"));

    [Test]
    public void A_name_that_does_not_exist_is_refused_with_those_that_do() =>
        Assert.That(() => _outputs["labels"], Throws.ArgumentException.With.Message.Contains("output0, output1"));

    [Test]
    public void A_description_reads_as_name_type_and_shape()
    {
        var dynamic = new TensorInfo("x\u001b[2J", ElementType.Float8E4M3, [-1, 3]);

        Assert.That(new TensorInfo("image", ElementType.Float32, [1, 8, 8]).ToString(), Is.EqualTo("image: float32[1,8,8]"));
        Assert.That(dynamic.ToString(), Is.EqualTo(@"x\u{1b}[2J: float8_e4m3[-1,3]"));
        Assert.That((dynamic.IsDynamic, dynamic.ElementCount), Is.EqualTo((true, -1L)));
        Assert.That(new TensorInfo("s", ElementType.Bool, []).ElementCount, Is.EqualTo(1));
    }
}
