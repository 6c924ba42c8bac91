using System.Buffers.Binary;
using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Relax;

/// <summary>A model that gives out a weight puts it into ordinary memory, and the report says so.</summary>
public sealed class RelaxWeightOutputTests
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Seal()
    {
        // The last instruction, "return register 25", returns the first parameter's.
        _folder = new TemporaryFolder();
        ModelSealer.Seal(RelaxCode.With(_folder, TestModel.RelaxDigits, Return(25), Return(1)), _folder["sealed"], _key);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void The_report_names_it_from_the_first_run_on()
    {
        using var model = SafeModel.Load(_folder["sealed"], _key, TestRuntime.RelaxOptions);
        using var session = model.CreateSession();
        Assert.That(model.Protection.Reasons, Has.None.Contains("output0"));

        session.Run();

        Assert.That(model.Protection.Reasons, Has.Exactly(1).Contains("output0 is the weight 'conv1_w'"));
        Assert.That(model.Protection.Level, Is.EqualTo(ProtectionLevel.Sealed));
        Assert.That(session.Output<float>().Length, Is.EqualTo(8 * 3 * 3));
    }

    [Test]
    public void Where_more_protection_is_required_no_run_gives_it_out()
    {
        var options = TestRuntime.RelaxOptions;
        options.RequiredProtection = ProtectionLevel.Locked;
        using var model = SafeModel.Load(_folder["sealed"], _key, options);
        using var session = model.CreateSession();

        for (var i = 0; i < 2; i++)
        {
            Assert.That(() => model.Run(new float[DigitImages.Length]), Refused.With(SafeModelError.ProtectionUnavailable, "conv1_w"));
            Assert.That(session.Run, Refused.With(SafeModelError.ProtectionUnavailable, "conv1_w"));
        }

        Assert.That(session.Output<float>().ToArray(), Is.All.Zero);
    }

    [Test]
    public void A_model_that_tried_is_resumed_and_refused_again()
    {
        var options = TestRuntime.RelaxOptions;
        options.RequiredProtection = ProtectionLevel.Locked;
        using var key = ModelKey.FromBytes(_key);
        using var model = SafeModel.Load(_folder["sealed"], key, options);
        Assert.That(() => model.Run(new float[DigitImages.Length]), Refused.With(SafeModelError.ProtectionUnavailable, "conv1_w"));

        model.Suspend();

        Assert.That(() => model.ResumeAsync(), Throws.Nothing);
        Assert.That(model.Protection.Reasons, Has.Exactly(1).Contains("output0"));
        Assert.That(() => model.Run(new float[DigitImages.Length]), Refused.With(SafeModelError.ProtectionUnavailable, "conv1_w"));
    }

    [Test]
    public void Runs_that_are_the_first_at_the_same_time_do_not_give_it_out_either()
    {
        const int threads = 4;
        var options = TestRuntime.RelaxOptions;
        options.RequiredProtection = ProtectionLevel.Locked;
        for (var i = 0; i < 100; i++)
        {
            using var model = SafeModel.Load(_folder["sealed"], _key, options);
            using var start = new Barrier(threads);
            var runs = Enumerable.Range(0, threads).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    using var session = model.CreateSession();
                    start.SignalAndWait();
                    Assert.That(session.Run, Refused.With(SafeModelError.ProtectionUnavailable, "conv1_w"));
                    Assert.That(session.OutputBytes().ToArray(), Is.All.Zero);
                },
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
            Task.WaitAll(runs);
        }
    }

    private static byte[] Return(long register)
    {
        const long opcode = 2;
        var instruction = new byte[2 * sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(instruction, opcode);
        BinaryPrimitives.WriteInt64LittleEndian(instruction.AsSpan(sizeof(long)), register);
        return instruction;
    }
}
