using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Relax;

/// <summary>Apache's runtime does not hurt the program that it is loaded into, and the other kind of model runs beside it.</summary>
public sealed class RelaxHostTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_null_reference_is_still_an_exception_on_every_thread()
    {
        using var model = SafeModel.LoadPlain(TestModel.RelaxDigits.Folder, TestRuntime.RelaxOptions);
        model.Run(TestModel.RelaxDigits.Cases.First().Inputs());

        Assert.That(() => LengthOf(null), Throws.TypeOf<NullReferenceException>());
        var second = Task.Factory.StartNew(() => LengthOf(null), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.That(async () => await second, Throws.TypeOf<NullReferenceException>());

        [MethodImpl(MethodImplOptions.NoInlining)]
        static int LengthOf(string? text) => text!.Length;
    }

    [Test]
    public void Both_kinds_of_model_run_in_one_process_at_the_same_time()
    {
        var source = TestModel.RelaxDigits.Folder;
        using var relax = SafeModel.LoadPlain(source, TestRuntime.RelaxOptions);
        using var graph = TestRuntime.LoadDigits();
        var one = ModelCase.In(source).First();
        var (inputs, expectedRelax) = (one.Inputs(), relax.Run(one.Inputs())[0].ToArray<float>());
        var expectedGraph = graph.Run(DigitImages.Pixels[3])[0].ToArray<float>();

        Parallel.Invoke(
            () => Repeat(() => Assert.That(relax.Run(inputs)[0].ToArray<float>(), Is.EqualTo(expectedRelax))),
            () => Repeat(() => Assert.That(graph.Run(DigitImages.Pixels[3])[0].ToArray<float>(), Is.EqualTo(expectedGraph))));

        static void Repeat(Action action)
        {
            for (var i = 0; i < 2000; i++)
            {
                action();
            }
        }
    }

    [Test]
    public void Two_threads_get_the_right_bits_of_40_000_calls()
    {
        const int threads = 2, calls = 20_000;
        var source = TestModel.RelaxDigits.Folder;
        ModelSealer.Seal(source, _folder["sealed"], _key);
        using var model = SafeModel.Load(_folder["sealed"], _key, TestRuntime.RelaxOptions);
        var cases = ModelCase.In(source).Select(one => one.Inputs()["image"].ToArray<float>()).ToArray();
        var expected = cases.Select(pixels => model.Run(pixels)[0].ToArray<float>()).ToArray();

        var runners = Enumerable.Range(0, threads).Select(thread => Task.Factory.StartNew(
            () =>
            {
                var output = new float[DigitImages.Classes];
                for (var i = 0; i < calls; i++)
                {
                    var which = (i + thread) % cases.Length;
                    model.Run<float, float>(cases[which], output);
                    if (!output.AsSpan().SequenceEqual(expected[which]))
                    {
                        Assert.Fail($"call {i} of thread {thread}");
                    }
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();

        Assert.That(() => Task.WaitAll(runners, Patience), Is.True);
    }

    [Test]
    public void Runs_allocate_nothing_once_they_have_run()
    {
        var source = TestModel.RelaxDigits.Folder;
        using var model = SafeModel.LoadPlain(source, TestRuntime.RelaxOptions);
        using var session = model.CreateSession();
        var pixels = ModelCase.In(source).First().Inputs()["image"].ToArray<float>();
        var output = new float[DigitImages.Classes];
        for (var i = 0; i < 200; i++)
        {
            model.Run<float, float>(pixels, output);
            session.Run();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            model.Run<float, float>(pixels, output);
            pixels.CopyTo(session.Input<float>());
            session.Run();
            session.Output<float>();
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Abandoned_and_disposed_models_leave_no_mapping_and_no_descriptor()
    {
        ModelSealer.Seal(TestModel.RelaxDigits.Folder, _folder["sealed"], _key);
        for (var i = 0; i < 5; i++)
        {
            Cycle();
        }

        var (files, maps) = (Directory.GetFiles("/proc/self/fd").Length, Mappings());
        for (var i = 0; i < 50; i++)
        {
            Cycle();
        }

        Assert.That(Directory.GetFiles("/proc/self/fd").Length - files, Is.LessThan(10));
        Assert.That(Mappings() - maps, Is.LessThan(30));

        // Without the compiler's own, which come with whatever is compiled meanwhile.
        static int Mappings() => File.ReadLines("/proc/self/maps").Count(line => !line.Contains("doublemapper", StringComparison.Ordinal));

        void Cycle()
        {
            using var model = SafeModel.Load(_folder["sealed"], _key, TestRuntime.RelaxOptions);
            using var session = model.CreateSession();
            session.Run();
        }
    }
}
