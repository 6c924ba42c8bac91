using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Relax;

/// <summary>What a Relax model takes is in its code; what it gives only a run tells.</summary>
public sealed class RelaxSignatureTests
{
    private readonly float[] _output = new float[DigitImages.Classes];

    [TestCase("relax-digits", "image: float32[1,1,8,8]", "output0: float32[1,10]")]
    [TestCase("relax-digits-dynamic", "image: float32[-1,1,8,8]", "output0: float32[-1,10]")]
    [TestCase("relax-multi", "x: float32[2,3]; k: int64[4]", "output0: float32[2,4]; output1: int64[4]; output2: bool[2,4]")]
    [TestCase("relax-magika", "bytes: int32[1,2048]", "output0: float32[1,214]")]
    public void Inputs_and_outputs_are_described(string name, string inputs, string outputs)
    {
        using var model = TestModel.Shared(name).LoadPlain();

        Assert.That(string.Join("; ", model.Inputs), Is.EqualTo(inputs));
        Assert.That(string.Join("; ", model.Outputs), Is.EqualTo(outputs));
    }

    [Test]
    public void After_its_end_nobody_is_told_what_no_run_has_told()
    {
        using var folder = new TemporaryFolder();
        var key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
        ModelSealer.Seal(TestModel.RelaxDigits.Folder, folder["sealed"], key);
        var model = SafeModel.Load(folder["sealed"], key, TestRuntime.RelaxOptions);
        var session = model.CreateSession();
        model.Dispose();

        Assert.That(() => model.Outputs, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => model.Run<float, float>(new float[DigitImages.Length], _output), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => session.Output<float>().Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => session.Output<float>("output0").Length, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Outputs_of_another_type_are_refused_also_in_the_first_run()
    {
        using var model = TestModel.RelaxDigits.LoadPlain();

        Assert.That(() => model.Run<float, double>(new float[DigitImages.Length], new double[DigitImages.Classes]), Throws.ArgumentException.With.Message.Contains("float32[1,10]"));
    }
}
