using System.Numerics.Tensors;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>What loads without a key, and what does not.</summary>
public sealed class PlainModelTests
{
    [Test]
    public void The_sample_recognises_nine_of_its_ten_images()
    {
        using var model = TestRuntime.LoadDigits();

        var recognised = Array.ConvertAll(DigitImages.Pixels, pixels => TensorPrimitives.IndexOfMax(model.Run(pixels)[0].AsSpan<float>()));

        // The second is a five that the network, on any engine, takes for a six.
        Assert.That(recognised.Zip(DigitImages.Labels).Select(pair => pair.First == pair.Second), Is.EqualTo(Enumerable.Range(0, 10).Select(i => i != 1)));
        Assert.That(recognised[1], Is.EqualTo(6));
    }

    [TestCaseSource(typeof(TestModel), nameof(TestModel.Digits))]
    public void A_model_tells_what_it_takes_and_gives(TestModel digits)
    {
        using var model = digits.LoadPlain();

        Assert.That(model.Inputs.Select(input => input.ToString()), Is.EqualTo(new[] { "image: float32[1,1,8,8]" }));
        Assert.That(model.Outputs.Select(output => output.ToString()), Is.EqualTo(new[] { "output0: float32[1,10]" }));
        Assert.That(model.Package, Is.Null);
        Assert.That(model.Protection.Level, Is.EqualTo(ProtectionLevel.Plain));
        Assert.That(model.Protection.Reasons, Has.Some.Contains("not encrypted"));
        Assert.That(model.Runtime, Does.StartWith(digits.Options.RuntimeLibrary ?? "embedded "));
        Assert.That(model.Runtime, digits.IsRelax ? Does.Contain("tvm-ffi 0.1.") : Does.Not.Contain("tvm-ffi"));
    }

    [TestCaseSource(typeof(TestModel), nameof(TestModel.Digits))]
    public void Each_image_has_outputs_of_its_own(TestModel digits)
    {
        using var model = digits.LoadPlain();

        Assert.That(DigitImages.Pixels.Select(pixels => string.Join(' ', model.Run(pixels)[0].ToArray<float>())), Is.Unique);
    }

    [TestCase("digits-factory")]
    [TestCase("digits-linked")]
    public void Weights_inside_the_code_are_reported(string name)
    {
        using var model = SafeModel.LoadPlain(TestData.SharedFolder("models", name), TestRuntime.Options);

        Assert.That(model.Protection.Reasons, Has.Some.Contains("code"));
    }

    [Test]
    public void A_missing_folder_is_named() =>
        Assert.That(() => SafeModel.LoadPlain("/no/such/model", TestRuntime.Options), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("/no/such/model"));

    [TestCase("mod.so")]
    [TestCase("mod.json")]
    public void A_missing_file_is_named(string file)
    {
        using var folder = new TemporaryFolder();
        var copy = folder.CopyOf(TestData.Digits);
        File.Delete(Path.Combine(copy, file));

        Assert.That(() => SafeModel.LoadPlain(copy, TestRuntime.Options), Throws.TypeOf<FileNotFoundException>().With.Message.Contains(file));
    }

    [Test]
    public void Without_its_parameters_a_model_takes_them_for_inputs_and_a_run_names_what_is_missing()
    {
        using var folder = new TemporaryFolder();
        var copy = folder.CopyOf(TestData.Digits);
        File.Delete(Path.Combine(copy, "mod.params"));

        using var model = SafeModel.LoadPlain(copy, TestRuntime.Options);

        Assert.That(model.Inputs, Has.Count.EqualTo(9));
        Assert.That(() => model.Run(("image", DigitImages.Pixels[0])), Throws.ArgumentException.With.Message.Contains("p0"));
    }

    [Test]
    public void A_library_that_is_no_model_is_refused()
    {
        using var folder = new TemporaryFolder();
        var copy = folder.CopyOf(TestData.Digits);
        File.WriteAllText(Path.Combine(copy, "mod.so"), "no library");

        Assert.That(() => SafeModel.LoadPlain(copy, TestRuntime.Options), Refused.With(SafeModelError.ModelInvalid, "mod.so"));
    }

    [TestCase("\"nodes\"", "\"knots\"")]
    [TestCase("tvmgen_default_fused_nn_softmax", "no_such_function_xxxxxxxxxxxxxx")]
    public void A_graph_that_the_code_does_not_fit_is_refused(string text, string other)
    {
        using var folder = new TemporaryFolder();
        var copy = folder.CopyOf(TestData.Digits);
        var graph = Path.Combine(copy, "mod.json");
        Assert.That(File.ReadAllText(graph), Does.Contain(text));
        File.WriteAllText(graph, File.ReadAllText(graph).Replace(text, other, StringComparison.Ordinal));

        Assert.That(() => SafeModel.LoadPlain(copy, TestRuntime.Options), Throws.TypeOf<SafeModelException>()
            .With.Property("Error").AnyOf(SafeModelError.ModelInvalid, SafeModelError.RuntimeFailed));
    }

    [Test]
    public void A_parameter_of_another_shape_than_the_graph_wants_is_refused_with_both()
    {
        using var folder = new TemporaryFolder();
        var copy = folder.CopyOf(TestData.Digits);
        var graph = Path.Combine(copy, "mod.json");
        var text = File.ReadAllText(graph);
        var changed = System.Text.RegularExpressions.Regex.Replace(text, @"\[\s*2,\s*128,\s*5\s*\]", "[2, 5, 128]");
        Assert.That(changed, Is.Not.EqualTo(text));
        File.WriteAllText(graph, changed);

        Assert.That(() => SafeModel.LoadPlain(copy, TestRuntime.Options), Refused.With(SafeModelError.ModelInvalid, "[2,5,128]"));
    }
}
