using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Cli.Inputs;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests.Relax;

/// <summary>An input of which the code tells nothing is shown as unknown, and TVM checks it in the run.</summary>
public sealed class RelaxUnknownInputTests
{
    private TemporaryFolder _folder = null!;
    private string _source = null!;
    private SafeModel _model = null!;

    [SetUp]
    public void Load()
    {
        _folder = new TemporaryFolder();
        _source = RelaxCode.With(_folder, TestModel.Shared("relax-multi"), "ErrorContext(fn=main, loc=param[0], param=x"u8, "Nothing told(fn=main, loc=param[0], param=x"u8);
        _model = SafeModel.LoadPlain(_source, TestRuntime.RelaxOptions);
    }

    [TearDown]
    public void Delete()
    {
        _model?.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void It_is_shown_as_unknown()
    {
        var input = _model.Inputs[0];

        Assert.That(_model.Inputs.Select(each => each.ToString()), Is.EqualTo(new[] { "x: of unknown type", "k: int64[4]" }));
        Assert.That((input.IsKnown, input.IsDynamic, input.ElementCount, input.ElementType, input.Shape.Length), Is.EqualTo((false, true, -1L, default(ElementType), 0)));
        Assert.That(_model.Inputs[1].IsKnown, Is.True);
    }

    [Test]
    public void A_run_takes_a_tensor_of_the_right_type_and_shape()
    {
        foreach (var one in TestModel.Shared("relax-multi").Cases)
        {
            var outputs = _model.Run(one.Inputs());
            foreach (var expected in one.Outputs())
            {
                expected.AssertEqual(outputs[expected.Index], "relax-multi");
            }
        }

        Assert.That(_model.Outputs.Select(output => output.ToString()), Is.EqualTo(new[] { "output0: of unknown type", "output1: of unknown type", "output2: of unknown type" }));
    }

    [Test]
    public void The_run_refuses_another_type_rank_or_length_in_TVMs_words_and_goes_on()
    {
        var good = TestModel.Shared("relax-multi").Cases.First().Inputs();
        foreach (var (wrong, words) in new[]
        {
            (TensorValue.Create(new double[6], 2, 3), "float64"), (new float[6], "ndim"), (TensorValue.Create(new float[8], 2, 4), "x"),
        })
        {
            Assert.That(() => _model.Run(("x", wrong), ("k", good["k"])), Refused.With(SafeModelError.RuntimeFailed, words));
        }

        Assert.That(() => _model.Run(("x", new string[6]), ("k", good["k"])), Throws.ArgumentException.With.Message.Contains("'x' is of unknown type"));
        Assert.That(() => _model.Run(("k", good["k"])), Throws.ArgumentException.With.Message.Contains("mod.params"));
        Assert.That(_model.Run(good), Has.Count.EqualTo(3));
    }

    [Test]
    public void What_needs_its_type_before_a_run_says_so()
    {
        Assert.That(() => _model.CreateSession(), Throws.TypeOf<NotSupportedException>().With.Message.Contains("'x'"));
        Assert.That(() => _model.Outputs, Throws.InvalidOperationException.With.Message.Contains("'x'"));
    }

    [Test]
    public void A_single_one_takes_spans_too()
    {
        _model.Dispose();
        _model = SafeModel.LoadPlain(
            RelaxCode.With(_folder, TestModel.RelaxDigits, "ErrorContext(fn=main"u8, "Nothing told(fn=main"u8), TestRuntime.RelaxOptions);
        var output = new float[DigitImages.Classes];

        Assert.That(() => _model.Run<float, float>(new float[DigitImages.Length], output), Refused.With(SafeModelError.RuntimeFailed, "ndim"), "a span has one dimension");
        Assert.That(() => _model.Run<char, float>(new char[DigitImages.Length], output), Throws.ArgumentException);
        Assert.That(() => _model.RunBatch<float, float>(new float[DigitImages.Length], output), Throws.InstanceOf<Exception>().With.Message.Contains("image"));
        Assert.That(_model.Run(TensorValue.Create(new float[DigitImages.Length], 1, 1, 8, 8))[0].Shape, Is.EqualTo(new long[] { 1, DigitImages.Classes }));
    }

    [Test]
    public void The_command_line_wants_a_file_that_has_a_type()
    {
        var (npy, bin, k) = (_folder["x.npy"], _folder["x.bin"], _folder["k.npy"]);
        NpyFile.Write(npy, TensorValue.Create(new float[6], 2, 3));
        NpyFile.Write(k, TensorValue.Create(new long[4], 4));
        File.WriteAllBytes(bin, new byte[24]);

        Assert.That(Run($"x={npy}").ExitCode, Is.Zero);
        Assert.That(Run($"x={bin}").Error, Does.Contain(".npy"));
        Assert.That(CliRun.Of("run", _source, "--plain", "--runtime", TestRuntime.RelaxLibrary).Error, Does.Contain("no zeros for it"));

        CliRun Run(string x) => CliRun.Of("run", _source, "--plain", "--runtime", TestRuntime.RelaxLibrary, "--input", x, "--input", $"k={k}");
    }

    [Test]
    public void An_argument_after_the_parameters_is_no_input()
    {
        var key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
        var copy = _folder.CopyOf(TestModel.RelaxDigits.Folder);
        PlainParams.Rewrite(Path.Combine(copy, "mod.params"), tensors => tensors.SkipLast(1));
        ModelSealer.Seal(copy, _folder["sealed"], key);

        Assert.That(() => SafeModel.Load(_folder["sealed"], key, TestRuntime.RelaxOptions), Refused.With(SafeModelError.ModelInvalid, "'fc_b' after its parameters"));
    }
}
