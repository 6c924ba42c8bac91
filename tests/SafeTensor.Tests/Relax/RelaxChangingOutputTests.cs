using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Relax;

/// <summary>A model whose outputs depend on the data, as of those that pick what is not zero: no run shows the bits of another, or of another type.</summary>
public sealed class RelaxChangingOutputTests
{
    private const float Two = 0, One = 1, Integers = 2, Tuple = 3, Negative = 4, Huge = 5, Device = 6;

    private TemporaryFolder _folder = null!;
    private SafeModel _model = null!;

    [SetUp]
    public void Load()
    {
        _folder = new TemporaryFolder();
        var options = TestRuntime.RelaxOptions;
        _model = SafeModel.LoadPlain(
            OneKernelModel.Create(
                _folder["model"], "R.Tensor((2,), dtype=\"float32\")",
                """
                  static _Alignas(128) float data[4] = {100, 101, 102, 103};
                  static _Alignas(128) int32_t integers[2] = {7, 8};
                  const int64_t huge = 1 << 20;
                  TVMFFIAny two = tensor(data, kDLCPU, 2, 32, 1, 2, 0);
                  TVMFFIAny both[2] = {two, two};
                  switch ((int)x[0]) {
                    case 0: *result = two; break;
                    case 1: *result = tensor(data + 1, kDLCPU, 2, 32, 1, 1, 0); break;
                    case 2: *result = tensor(integers, kDLCPU, 0, 32, 1, 2, 0); break;
                    case 3: *result = tuple(both, 2); break;
                    case 4: *result = tensor(data, kDLCPU, 2, 32, 2, -2, -1); break;
                    case 5: *result = tensor(data, kDLCPU, 2, 32, 2, huge, huge); break;
                    case 6: *result = tensor(data, 2, 2, 32, 1, 2, 0); break;
                  }
                  return 0;
                """),
            options);
        Assert.That(_model.Outputs.Select(output => output.ToString()), Is.EqualTo(new[] { "output0: float32[2]" }));
    }

    [TearDown]
    public void Delete()
    {
        _model?.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void A_run_gives_what_it_gave()
    {
        Assert.That(Run(Two)[0].ToArray<float>(), Is.EqualTo(new[] { 100f, 101 }));
        Assert.That(Run(One)[0].ToArray<float>(), Is.EqualTo(new[] { 101f }));
        Assert.That(Run(Integers)[0].ToArray<int>(), Is.EqualTo(new[] { 7, 8 }));
        var both = Run(Tuple);
        Assert.That(both, Has.Count.EqualTo(2));
        Assert.That(both["output1"].ToArray<float>(), Is.EqualTo(new[] { 100f, 101 }));
        Assert.That(Run(Two), Has.Count.EqualTo(1));
    }

    [TestCase(One)]
    [TestCase(Integers)]
    [TestCase(Tuple)]
    public void Memory_for_another_output_is_refused_and_stays_as_it_is(float kind)
    {
        float[] output = [-1, -1], outputs = [-1, -1, -1, -1];

        Assert.That(() => _model.Run<float, float>(new[] { kind, 0 }, output), Throws.ArgumentException.With.Message.Contains("output0"));
        Assert.That(() => _model.RunBatch<float, float>(new[] { kind, 0, kind, 0 }, outputs), Throws.ArgumentException.With.Message.Contains("output0"));
        Assert.That(output.Concat(outputs), Is.All.EqualTo(-1));
        _model.Run<float, float>(new[] { Two, 0 }, output);
        Assert.That(output, Is.EqualTo(new[] { 100f, 101 }));
    }

    [TestCase(One)]
    [TestCase(Integers)]
    [TestCase(Tuple)]
    public void Memory_that_was_bound_for_another_output_is_bound_no_more_and_the_run_says_so(float kind)
    {
        using var memory = new AlignedMemory<float>(2);
        using var session = _model.CreateSession();
        session.Run();
        session.BindOutput(0, memory.Memory);
        session.Input<float>()[0] = Two;
        session.Run();
        Assert.That(memory.Memory.ToArray(), Is.EqualTo(new[] { 100f, 101 }));

        memory.Memory.Span.Fill(-1);
        session.Input<float>()[0] = kind;
        if (kind == Integers)
        {
            // Of the same length: the memory is no longer what the session reads.
            Assert.That(session.Run, Throws.InvalidOperationException.With.Message.Contains("int32[2]"));
        }
        else
        {
            Assert.That(session.Run, Throws.InvalidOperationException.With.Message.Contains("bound no more"));
        }

        session.Run();
        Assert.That(memory.Memory.ToArray(), Is.All.EqualTo(-1));
        Assert.That(session.OutputBytes().Length, Is.EqualTo(kind == One ? 4 : 8));
    }

    [TestCase(Negative, SafeModelError.ModelInvalid, "[-2,-1]")]
    [TestCase(Huge, SafeModelError.LimitExceeded, "[1048576,1048576]")]
    [TestCase(Device, SafeModelError.ModelInvalid, "device of type 2")]
    public void An_output_that_no_memory_of_the_host_holds_is_refused(float kind, SafeModelError error, string words)
    {
        Assert.That(() => Run(kind), Refused.With(error, words));
        Assert.That(() => _model.Run<float, float>(new[] { kind, 0 }, new float[2]), Refused.With(error, words));
        Assert.That(Run(Two)[0].ToArray<float>(), Is.EqualTo(new[] { 100f, 101 }));
    }

    private ModelOutputs Run(float kind) => _model.Run(new[] { kind, 0 });
}
