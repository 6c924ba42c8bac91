using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>What a run takes, gives and refuses.</summary>
[TestFixtureSource(typeof(TestModel), nameof(TestModel.Digits))]
public sealed class RunTests(TestModel digits)
{
    private readonly float[] _pixels = DigitImages.Pixels[0];
    private SafeModel _model = null!;

    [OneTimeSetUp]
    public void Load() => _model = digits.LoadPlain();

    [OneTimeTearDown]
    public void Dispose() => _model?.Dispose();

    [Test]
    public void Every_way_to_run_gives_the_same_bits()
    {
        var image = new float[1, 1, 8, 8];
        Buffer.BlockCopy(_pixels, 0, image, 0, Buffer.ByteLength(_pixels));
        var expected = _model.Run(_pixels)[0].ToArray<float>();
        var output = new float[DigitImages.Classes];
        _model.Run(_pixels, output);

        Assert.That(output, Is.EqualTo(expected));
        Assert.That(_model.Run(("image", _pixels))[0].ToArray<float>(), Is.EqualTo(expected));
        Assert.That(_model.Run(("image", image))["output0"].ToArray<float>(), Is.EqualTo(expected));
        Assert.That(_model.Run(image)[0].ToArray<float>(), Is.EqualTo(expected));
        Assert.That(_model.Run(new Dictionary<string, TensorValue> { ["image"] = _pixels })[0].ToArray<float>(), Is.EqualTo(expected));
        Assert.That(_model.Run(TensorValue.Create(new ReadOnlyMemory<float>([9, .. _pixels], 1, 64), 1, 1, 8, 8))[0].ToArray<float>(), Is.EqualTo(expected));
    }

    [Test]
    public async Task Asynchronous_runs_give_the_same_bits()
    {
        var expected = _model.Run(_pixels)[0].ToArray<float>();

        Assert.That((await _model.RunAsync(_pixels))[0].ToArray<float>(), Is.EqualTo(expected));
        Assert.That((await _model.RunAsync(new Dictionary<string, TensorValue> { ["image"] = _pixels }))[0].ToArray<float>(), Is.EqualTo(expected));
    }

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(100)]
    public void A_batch_gives_what_single_runs_give(int count)
    {
        var inputs = Enumerable.Range(0, count).SelectMany(i => DigitImages.Pixels[i % 10]).ToArray();
        var outputs = new float[count * DigitImages.Classes];

        _model.RunBatch(inputs, outputs);

        Assert.That(outputs, Is.EqualTo(Enumerable.Range(0, count).SelectMany(i => _model.Run(DigitImages.Pixels[i % 10])[0].ToArray<float>())));
    }

    [Test]
    public void An_empty_batch_does_nothing() => Assert.That(() => _model.RunBatch<float, float>([], []), Throws.Nothing);

    [TestCase(63, 10)]
    [TestCase(128, 10)]
    [TestCase(64, 20)]
    [TestCase(0, 10)]
    public void A_batch_of_other_lengths_is_refused_with_both(int inputs, int outputs) =>
        Assert.That(() => _model.RunBatch(new float[inputs], new float[outputs]), Throws.ArgumentException.With.Message.Contains($"{inputs}"));

    [Test]
    public void A_cancelled_batch_throws_OperationCanceledException() =>
        Assert.That(() => _model.RunBatch(new float[640], new float[100], new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());

    [Test]
    public void Outputs_are_never_changed_by_a_later_run()
    {
        var first = _model.Run(DigitImages.Pixels[0]);
        var before = first[0].ToArray<float>();

        _model.Run(DigitImages.Pixels[1]);

        Assert.That(first[0].ToArray<float>(), Is.EqualTo(before));
    }

    [Test]
    public void An_input_of_another_type_is_refused_with_both_sides() =>
        Assert.That(() => _model.Run(("image", new double[64])), Throws.ArgumentException
            .With.Message.Contains("'image' is float32[1,1,8,8]").And.Message.Contains("float64[64]"));

    [Test]
    public void An_input_of_another_shape_is_refused_with_both_sides() =>
        Assert.That(() => _model.Run(("image", new float[8, 8])), Throws.ArgumentException
            .With.Message.Contains("float32[1,1,8,8]").And.Message.Contains("float32[8,8]"));

    [TestCase(63)]
    [TestCase(65)]
    [TestCase(0)]
    public void A_flat_input_of_another_length_is_refused(int length) =>
        Assert.That(() => _model.Run(new float[length]), Throws.ArgumentException.With.Message.Contains($"float32[{length}]"));

    [Test]
    public void A_value_that_holds_nothing_is_refused_with_the_inputs_name() =>
        Assert.That(() => _model.Run(("image", default)), Throws.ArgumentException.With.Message.Contains("'image'"));

    [Test]
    public void An_unknown_input_is_refused_with_the_names_that_exist() =>
        Assert.That(() => _model.Run(("pixels", _pixels)), Throws.ArgumentException.With.Message.Contains("'pixels'").And.Message.Contains("image: float32[1,1,8,8]"));

    [Test]
    public void An_input_that_is_given_twice_is_refused() =>
        Assert.That(() => _model.Run(("image", _pixels), ("image", _pixels)), Throws.ArgumentException.With.Message.Contains("twice"));

    [Test]
    public void A_run_without_inputs_lists_them() =>
        Assert.That(() => _model.Run(), Throws.ArgumentException.With.Message.Contains("image: float32[1,1,8,8]"));

    [Test]
    public void Spans_of_another_type_or_length_are_refused()
    {
        Assert.That(() => _model.Run(new double[64], new float[10]), Throws.ArgumentException.With.Message.Contains("float32"));
        Assert.That(() => _model.Run(new float[64], new int[10]), Throws.ArgumentException.With.Message.Contains("Int32"));
        Assert.That(() => _model.Run(new float[63], new float[10]), Throws.ArgumentException.With.Message.Contains("63"));
        Assert.That(() => _model.Run(new float[64], new float[11]), Throws.ArgumentException.With.Message.Contains("11"));
    }

    [Test]
    public void An_unknown_output_is_refused_with_the_names_that_exist() =>
        Assert.That(() => _model.Run(_pixels)["label"], Throws.ArgumentException.With.Message.Contains("'label'").And.Message.Contains("output0"));

    [Test]
    public void Every_member_of_a_disposed_model_says_so()
    {
        var model = digits.LoadPlain();
        model.Dispose();
        model.Dispose();

        Assert.That(() => model.Run(_pixels), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => model.Run(("image", _pixels)), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => model.Run(_pixels, new float[10]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => model.RunBatch(_pixels, new float[10]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => model.RunAsync(_pixels), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => model.CreateSession(), Throws.TypeOf<ObjectDisposedException>());
    }
}
