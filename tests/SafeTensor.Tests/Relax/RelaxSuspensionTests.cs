using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Relax;

/// <summary>What asks a model for its outputs before it has run finds its weights there, or an exception.</summary>
public sealed class RelaxSuspensionTests
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private readonly float[] _output = new float[DigitImages.Classes];
    private TemporaryFolder _folder = null!;
    private SafeModel _model = null!;

    [SetUp]
    public void Load()
    {
        _folder = new TemporaryFolder();
        ModelSealer.Seal(TestModel.RelaxDigits.Folder, _folder["sealed"], _key);
        using var key = ModelKey.FromBytes(_key);
        _model = SafeModel.Load(_folder["sealed"], key, TestRuntime.RelaxOptions);
    }

    [TearDown]
    public void Delete()
    {
        _model?.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void Outputs_of_a_suspended_model_are_told()
    {
        _model.Suspend();

        Assert.That(_model.Outputs[0].ToString(), Is.EqualTo("output0: float32[1,10]"));
    }

    [Test]
    public void The_first_run_of_a_suspended_model_resumes_it()
    {
        _model.Suspend();

        _model.Run<float, float>(new float[DigitImages.Length], _output);

        Assert.That(_output.Sum(), Is.EqualTo(1).Within(0.001));
    }

    [Test]
    public void A_session_that_has_not_run_shows_zeros_of_the_outputs_length_also_while_the_model_is_suspended()
    {
        using var session = _model.CreateSession();
        _model.Suspend();

        Assert.That(session.Output<float>().ToArray(), Is.EqualTo(new float[DigitImages.Classes]));
    }

    [Test]
    public void After_its_end_nobody_is_told_what_no_run_has_told()
    {
        var session = _model.CreateSession();
        _model.Dispose();

        Assert.That(() => _model.Outputs, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => _model.Run<float, float>(new float[DigitImages.Length], _output), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => session.Output<float>().Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => session.Output<float>("output0").Length, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Outputs_of_another_type_or_number_are_refused_also_in_the_first_run()
    {
        Assert.That(() => _model.Run<float, double>(new float[DigitImages.Length], new double[DigitImages.Classes]), Throws.ArgumentException.With.Message.Contains("float32[1,10]"));
        using var multi = SafeModel.LoadPlain(TestModel.Shared("relax-multi").Folder, TestRuntime.RelaxOptions);
        Assert.That(() => multi.Run<float, float>(new float[6], _output), Throws.ArgumentException);
    }
}
