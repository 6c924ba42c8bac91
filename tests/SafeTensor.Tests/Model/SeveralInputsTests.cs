using NUnit.Framework;

namespace SafeTensor.Tests;

/// <summary>Several inputs of several types cannot be told apart without their names.</summary>
public sealed class SeveralInputsTests
{
    [TestCase("multi-io", "a: float32[2,3]", "3 inputs", "b: int64[2,3]")]
    [TestCase("relax-multi", "x: float32[2,3]", "2 inputs", "k: int64[4]")]
    public void A_model_of_several_inputs_wants_names(string name, string first, string count, string second)
    {
        using var model = TestModel.Shared(name).LoadPlain();
        var allButTheSecond = TestModel.Shared(name).Cases.First().Inputs();
        Assert.That(allButTheSecond.Remove(model.Inputs[1].Name), Is.True);

        Assert.That(() => model.Run(new float[6]), Throws.ArgumentException.With.Message.Contains(first));
        Assert.That(() => model.Run<float, float>(new float[6], new float[6]), Throws.ArgumentException.With.Message.Contains(count));
        Assert.That(() => model.Run(allButTheSecond), Throws.ArgumentException.With.Message.Contains(second));
    }
}
