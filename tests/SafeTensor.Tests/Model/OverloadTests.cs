using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Every way of writing a run that a user would try compiles and means what it looks like.</summary>
[TestFixtureSource(typeof(TestModel), nameof(TestModel.Digits))]
public sealed class OverloadTests(TestModel digits)
{
    private readonly float[] _pixels = DigitImages.Pixels[3];
    private readonly float[] _probabilities = new float[DigitImages.Classes];
    private SafeModel _model = null!;
    private float[] _expected = null!;

    [OneTimeSetUp]
    public void Load()
    {
        _model = digits.LoadPlain();
        _expected = _model.Run(_pixels)[0].ToArray<float>();
    }

    [OneTimeTearDown]
    public void Dispose() => _model?.Dispose();

    [Test]
    public void Arrays_of_named_inputs_are_named_inputs()
    {
        (string, TensorValue)[] named = [("image", _pixels)];

        Same(_model.Run(named));
        Same(_model.Run([("image", _pixels)]));
        Same(_model.Run(new (string, TensorValue)[] { ("image", _pixels) }));
    }

    [Test]
    public async Task They_compile_in_lambdas_and_asynchronous_methods()
    {
        await Task.Yield();
        Func<ModelOutputs> named = () => _model.Run(("image", _pixels));
        Func<ModelOutputs> flat = () => _model.Run(_pixels);

        Same(named());
        Same(flat());
        Same(_model.Run(("image", _pixels)));
    }

    [Test]
    public void Two_arrays_are_the_callers_memory()
    {
        Array.Clear(_probabilities);
        _model.Run(_pixels, _probabilities);
        Assert.That(_probabilities, Is.EqualTo(_expected));

        Array.Clear(_probabilities);
        _model.Run<float, float>(_pixels, _probabilities);
        Assert.That(_probabilities, Is.EqualTo(_expected));

        Array.Clear(_probabilities);
        _model.RunBatch(_pixels, _probabilities);
        Assert.That(_probabilities, Is.EqualTo(_expected));
    }

    [Test]
    public void Arrays_of_any_rank_and_element_type_convert()
    {
        Assert.That(() => _model.Run(new Half[1, 8]), Throws.ArgumentException.With.Message.Contains("float16[1,8]"));
        Assert.That(() => _model.Run(new long[2, 3, 4]), Throws.ArgumentException.With.Message.Contains("int64[2,3,4]"));
        Assert.That(() => _model.Run(new string[3]), Throws.ArgumentException.With.Message.Contains("String[]"));
    }

    [Test]
    public void An_array_of_tuples_of_another_type_says_how_to_write_it() =>
        Assert.That(() => _model.Run(new[] { ("image", _pixels) }), Throws.ArgumentException.With.Message.Contains("model.Run("));

    private void Same(ModelOutputs outputs) => Assert.That(outputs[0].ToArray<float>(), Is.EqualTo(_expected));
}
