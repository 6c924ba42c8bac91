using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Relax;

/// <summary>A model whose batch size each run decides.</summary>
public sealed class RelaxDynamicTests
{
    private const int Length = 64, Classes = 10;

    private SafeModel _model = null!;
    private float[] _batch = null!;
    private float[] _expected = null!;

    [SetUp]
    public void Load()
    {
        var source = TestModel.Shared("relax-digits-dynamic").Folder;
        _model = SafeModel.LoadPlain(source, TestRuntime.RelaxOptions);
        var one = ModelCase.In(source).Last();
        _batch = one.Inputs()["image"].ToArray<float>();
        _expected = _model.Run(one.Inputs())[0].ToArray<float>();
        Assert.That(_expected, Has.Length.EqualTo(_batch.Length / Length * Classes));
    }

    [TearDown]
    public void Dispose() => _model?.Dispose();

    [Test]
    public void Batches_of_any_size_follow_one_another()
    {
        foreach (var count in new[] { 1, 10, 3, 7, 1, 10 })
        {
            var output = _model.Run(("image", TensorValue.Create(_batch[..(count * Length)], count, 1, 8, 8)))[0];
            Assert.That(output.Shape, Is.EqualTo(new long[] { count, Classes }));
            Assert.That(output.ToArray<float>(), Is.EqualTo(_expected[..(count * Classes)]));
        }
    }

    [Test]
    public void A_flat_array_tells_the_one_length_that_is_open()
    {
        Assert.That(_model.Run(_batch[..(3 * Length)])[0].Shape, Is.EqualTo(new long[] { 3, Classes }));
        var output = new float[2 * Classes];
        _model.Run<float, float>(_batch.AsSpan(0, 2 * Length), output);
        Assert.That(output, Is.EqualTo(_expected[..(2 * Classes)]));

        Assert.That(() => _model.Run(_batch[..(Length + 1)]), Throws.ArgumentException.With.Message.Contains("float32[-1,1,8,8]"));
        Assert.That(() => _model.Run<float, float>(_batch.AsSpan(0, 2 * Length), new float[Classes]), Throws.ArgumentException.With.Message.Contains("float32[2,10]"));
        Assert.That(() => _model.RunBatch<float, float>(_batch, new float[100]), Throws.ArgumentException.With.Message.Contains("float32[-1,1,8,8]"));
        Assert.That(
            () => _model.Run(("image", TensorValue.Create(_batch[..Length], 1, 1, 4, 16))), Throws.ArgumentException.With.Message.Contains("float32[1,1,4,16]"));
    }

#pragma warning disable STENSOR002 // What these tests are of.
    [Test]
    public void A_session_is_resized_and_its_outputs_follow()
    {
        using var session = _model.CreateSession();
        Assert.That(() => session.Output<float>().Length, Throws.InvalidOperationException.With.Message.Contains("run the session first"));
        foreach (var count in new[] { 2, 5, 1 })
        {
            session.ResizeInput(0, count, 1, 8, 8);
            Assert.That(session.Input<float>().Length, Is.EqualTo(count * Length));
            _batch.AsSpan(0, count * Length).CopyTo(session.Input<float>());
            session.Run();
            Assert.That(session.Output<float>().ToArray(), Is.EqualTo(_expected[..(count * Classes)]));
            Assert.That(session.OutputTensor<float>().Lengths.ToArray(), Is.EqualTo(new nint[] { count, Classes }));
            Assert.That(session.InputTensor<float>().Lengths.ToArray(), Is.EqualTo(new nint[] { count, 1, 8, 8 }));
        }
    }

    [Test]
    public void A_span_of_before_a_resize_shows_zeros_and_a_wrong_shape_is_refused()
    {
        using var session = _model.CreateSession();
        session.ResizeInput(0, 2, 1, 8, 8);
        var old = session.Input<float>();
        old.Fill(3);
        session.ResizeInput(0, 3, 1, 8, 8);

        Assert.That(old.ToArray(), Is.All.Zero);
        Assert.That(session.Input<float>().ToArray(), Is.All.Zero);
        Assert.That(() => session.ResizeInput(0, 3, 1, 8, 9), Throws.ArgumentException.With.Message.Contains("[3,1,8,9]"));
        Assert.That(() => session.ResizeInput(0, 3), Throws.ArgumentException);
        Assert.That(() => session.ResizeInput(1, 3, 1, 8, 8), Throws.InstanceOf<ArgumentException>());
    }
#pragma warning restore STENSOR002

    [Test]
    public void Threads_with_batches_of_their_own_get_their_own_outputs()
    {
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, thread =>
        {
            for (var i = 0; i < 500; i++)
            {
                var count = 1 + ((i + thread) % 10);
                var output = _model.Run(_batch[..(count * Length)])[0].ToArray<float>();
                Assert.That(output, Is.EqualTo(_expected[..(count * Classes)]));
            }
        });
    }
}
