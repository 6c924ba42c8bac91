using System.Buffers;
using System.Runtime.InteropServices;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Spans over an executor's own buffers, and the caller's memory in their place.</summary>
[TestFixtureSource(typeof(TestModel), nameof(TestModel.Digits))]
public sealed unsafe class SessionTests(TestModel digits)
{
    private SafeModel _model = null!;
    private float[][] _expected = null!;

    [OneTimeSetUp]
    public void Load()
    {
        _model = digits.LoadPlain();
        _expected = Array.ConvertAll(DigitImages.Pixels, pixels => _model.Run(pixels)[0].ToArray<float>());
    }

    [OneTimeTearDown]
    public void Dispose() => _model?.Dispose();

    [Test]
    public void A_loop_over_the_sessions_own_buffers_gives_the_bits_of_a_run()
    {
        using var session = _model.CreateSession();

        for (var i = 0; i < 10; i++)
        {
            DigitImages.Pixels[i].CopyTo(session.Input<float>("image"));
            session.Run();
            Assert.That(session.Output<float>("output0").ToArray(), Is.EqualTo(_expected[i]));
        }

        Assert.That(session.Model, Is.SameAs(_model));
    }

    [Test]
    public void Every_view_of_a_buffer_is_the_same_memory()
    {
        using var session = _model.CreateSession();
        session.Input<float>()[9] = 42;
        session.Run();

        Assert.That(session.InputTensor<float>()[0, 0, 1, 1], Is.EqualTo(42));
        Assert.That(MemoryMarshal.Cast<byte, float>(session.InputBytes())[9], Is.EqualTo(42));
        Assert.That(session.InputTensor<float>().Lengths.ToArray(), Is.EqualTo(new nint[] { 1, 1, 8, 8 }));
        Assert.That(session.OutputTensor<float>()[0, 3], Is.EqualTo(session.Output<float>()[3]));
        Assert.That(session.OutputBytes().Length, Is.EqualTo(4 * DigitImages.Classes));
    }

    [Test]
    public void Buffers_are_aligned_and_zero_at_first()
    {
        using var session = _model.CreateSession();

        fixed (float* input = session.Input<float>())
        fixed (float* output = session.Output<float>())
        {
            Assert.That(((nuint)input % ModelSession.Alignment, (nuint)output % ModelSession.Alignment), Is.EqualTo(((nuint)0, (nuint)0)));
        }

        Assert.That(session.Input<float>().ToArray(), Is.All.Zero);
    }

    [Test]
    public void A_span_kept_past_the_sessions_end_shows_zeros()
    {
        var session = _model.CreateSession();
        DigitImages.Pixels[0].CopyTo(session.Input<float>());
        session.Run();
        var input = session.Input<float>();
        var output = session.Output<float>();

        session.Dispose();
        session.Dispose();
        GC.Collect();

        Assert.That(input.ToArray(), Is.All.Zero);
        Assert.That(output.ToArray(), Is.All.Zero);
    }

    [Test]
    public void A_disposed_session_says_so()
    {
        var session = _model.CreateSession();
        session.Dispose();

        Assert.That(session.Run, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => session.Input<float>().Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => session.OutputBytes().Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => session.BindInput(0, new float[64].AsMemory()), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void A_session_may_be_disposed_before_or_after_its_model()
    {
        var model = digits.LoadPlain();
        var (before, after) = (model.CreateSession(), model.CreateSession());

        before.Dispose();
        model.Dispose();

        Assert.That(after.Run, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => after.Input<float>().Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(after.Dispose, Throws.Nothing);
    }

    [Test]
    public void Another_element_type_or_index_is_refused()
    {
        using var session = _model.CreateSession();

        Assert.That(() => session.Input<int>().Length, Throws.ArgumentException.With.Message.Contains("float32").And.Message.Contains("Int32"));
        Assert.That(() => session.Output<double>().Length, Throws.ArgumentException.With.Message.Contains("Double"));
        Assert.That(() => session.Input<float>(1).Length, Throws.InstanceOf<ArgumentException>().With.Message.Contains("1 input"));
        Assert.That(() => session.Output<float>(-1).Length, Throws.InstanceOf<ArgumentException>());
        Assert.That(() => session.Input<float>("pixels").Length, Throws.ArgumentException.With.Message.Contains("image"));
        Assert.That(() => session.Output<float>("pixels").Length, Throws.ArgumentException.With.Message.Contains("output0"));
    }

    [Test]
    public void Bound_memory_takes_the_buffers_place()
    {
        using var session = _model.CreateSession();
        using var input = new AlignedMemory<float>(DigitImages.Length);
        using var output = new AlignedMemory<float>(DigitImages.Classes);
        session.BindInput(0, input.Memory);
        session.BindOutput(0, output.Memory);

        for (var i = 0; i < 10; i++)
        {
            DigitImages.Pixels[i].CopyTo(input.Memory);
            session.Run();
            Assert.That(output.Memory.ToArray(), Is.EqualTo(_expected[i]));
            Assert.That(session.Output<float>().ToArray(), Is.EqualTo(_expected[i]));
        }

        Assert.That(session.Input<float>() == input.Memory.Span, Is.True);
    }

    [Test]
    public void Bound_addresses_take_the_buffers_place()
    {
        using var session = _model.CreateSession();
        using var input = new AlignedMemory<float>(DigitImages.Length);
        using var output = new AlignedMemory<float>(DigitImages.Classes);
        using var inputPin = input.Memory.Pin();
        using var outputPin = output.Memory.Pin();
        session.BindInput(0, inputPin.Pointer, 256);
        session.BindOutput(0, outputPin.Pointer, 40);
        DigitImages.Pixels[5].CopyTo(input.Memory);

        session.Run();

        Assert.That(output.Memory.ToArray(), Is.EqualTo(_expected[5]));
    }

    [Test]
    public void Memory_can_be_bound_again_and_the_old_is_left_alone()
    {
        using var session = _model.CreateSession();
        using var first = new AlignedMemory<float>(DigitImages.Classes);
        using var second = new AlignedMemory<float>(DigitImages.Classes);
        DigitImages.Pixels[1].CopyTo(session.Input<float>());
        session.BindOutput(0, first.Memory);
        session.Run();
        session.BindOutput(0, second.Memory);
        first.Memory.Span.Fill(-1);

        session.Run();

        Assert.That(second.Memory.ToArray(), Is.EqualTo(_expected[1]));
        Assert.That(first.Memory.ToArray(), Is.All.EqualTo(-1));
    }

    [Test]
    public void Memory_that_does_not_fit_is_refused_with_both_sides()
    {
        using var session = _model.CreateSession();
        using var memory = new AlignedMemory<float>(DigitImages.Length + 1);

        Assert.That(() => session.BindInput(0, memory.Memory), Throws.ArgumentException.With.Message.Contains("image: float32[1,1,8,8]").And.Message.Contains("65"));
        Assert.That(() => session.BindInput(0, memory.Memory[1..]), Throws.ArgumentException.With.Message.Contains("128"));
        Assert.That(() => session.BindInput(0, new int[64].AsMemory()), Throws.ArgumentException.With.Message.Contains("Int32"));
        Assert.That(() => session.BindInput(0, null, 256), Throws.ArgumentException);
        Assert.That(() => session.BindOutput(0, (void*)128, 39), Throws.ArgumentException.With.Message.Contains("40"));
        DigitImages.Pixels[2].CopyTo(session.Input<float>());
        session.Run();
        Assert.That(session.Output<float>().ToArray(), Is.EqualTo(_expected[2]));
    }

    [Test]
    public void Memory_is_pinned_until_it_is_bound_anew_or_the_session_disposed()
    {
        using var first = new CountingMemory(DigitImages.Length);
        using var second = new CountingMemory(DigitImages.Length);
        var session = _model.CreateSession();

        session.BindInput(0, first.Memory);
        Assert.That(first.Pins, Is.EqualTo(1));
        session.BindInput(0, second.Memory);
        Assert.That((first.Pins, second.Pins), Is.EqualTo((0, 1)));
        session.Dispose();
        Assert.That(second.Pins, Is.Zero);
    }

    [Test]
    public void A_session_that_nobody_disposed_does_not_keep_its_memory()
    {
        var session = Forgotten();
        for (var i = 0; i < 10 && session.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.That(session.IsAlive, Is.False);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private WeakReference Forgotten()
    {
        var session = _model.CreateSession();
        session.Run();
        return new WeakReference(session);
    }

    /// <summary>Aligned memory that counts its pins.</summary>
    private sealed class CountingMemory(int length) : MemoryManager<float>
    {
        private readonly float* _data = (float*)NativeMemory.AlignedAlloc((nuint)length * sizeof(float), ModelSession.Alignment);

        internal int Pins { get; private set; }

        public override Span<float> GetSpan() => new(_data, length);

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            Pins++;
            return new MemoryHandle(_data + elementIndex, default, this);
        }

        public override void Unpin() => Pins--;

        protected override void Dispose(bool disposing) => NativeMemory.AlignedFree(_data);
    }
}
