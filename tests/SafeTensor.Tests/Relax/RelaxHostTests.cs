using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Residue;
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
        using var model = TestModel.RelaxDigits.LoadPlain();
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
        using var relax = TestModel.RelaxDigits.LoadPlain();
        using var graph = TestModel.Sample.LoadPlain();

        Parallel.Invoke(Repeated(relax), Repeated(graph));

        static Action Repeated(SafeModel model)
        {
            var expected = model.Run(DigitImages.Pixels[3])[0].ToArray<float>();
            return () =>
            {
                for (var i = 0; i < 2000; i++)
                {
                    Assert.That(model.Run(DigitImages.Pixels[3])[0].ToArray<float>(), Is.EqualTo(expected));
                }
            };
        }
    }

    [Test]
    public void A_null_reference_is_an_exception_also_while_the_runtime_is_loaded()
    {
        using var model = ResidueModel.Of(TestModel.RelaxDigits.Folder);
        using var process = new ResidueProcess(model);
        process.Ask(Step.Trip);

        Assert.That(process.Ask(process.Load with { RuntimeLibrary = TestRuntime.RelaxLibrary }).Error, Is.Empty);
        process.Ask(Step.Run);
    }

    [Test]
    public void After_a_runtime_that_could_be_loaded_in_part_another_is_refused()
    {
        var broken = _folder["libtvm_runtime.so"];
        File.Copy(Path.Combine(Path.GetDirectoryName(TestRuntime.RelaxLibrary)!, "libtvm_ffi.so"), _folder["libtvm_ffi.so"]);
        File.WriteAllText(broken, "no library, though it has ffi.Module.load_from_bytes.relax.VMExecutable");
        using var model = ResidueModel.Of(TestModel.RelaxDigits.Folder);
        using var process = new ResidueProcess(model);

        Assert.That(process.Ask(process.Load with { RuntimeLibrary = broken }).Error, Is.EqualTo(nameof(SafeModelError.RuntimeFailed)));
        Assert.That(process.Ask(process.Load with { RuntimeLibrary = TestRuntime.RelaxLibrary }).Error, Is.EqualTo(nameof(InvalidOperationException)));
        Assert.That(process.Ask(process.Load with { RuntimeLibrary = broken }).Error, Is.EqualTo(nameof(SafeModelError.RuntimeFailed)));
    }

    /// <summary>In a process of its own, since this one has loaded both in the order that always works.</summary>
    [TestCase("digits")]
    [TestCase("digits-c")]
    public void After_a_graph_executor_model_a_relax_model_runs_unless_Apaches_runtime_ran_the_first(string name)
    {
        using var graph = ResidueModel.Of(TestData.SharedFolder("models", name));
        using var relax = ResidueModel.Of(TestModel.RelaxDigits.Folder);
        using var process = new ResidueProcess(graph);
        Assert.That(process.Ask(process.Load).Error, Is.Empty);
        process.Ask(Step.Run);

        var second = process.Ask(process.Load with { Package = relax.Package, KeyFile = relax.KeyFile, RuntimeLibrary = TestRuntime.RelaxLibrary });

        Assert.That(second.Error, Is.EqualTo(TestRuntime.Library is not null ? nameof(InvalidOperationException) : ""));
        process.Ask(Step.Run);
    }

    /// <summary>Apache's runtime overlooks it where it has one thread.</summary>
    [Test]
    public void A_parallel_section_that_fails_is_an_exception()
    {
        var path = OneKernelModel.Create(
            _folder["model"], "R.Tensor((2,), dtype=\"float32\")",
            """
              static _Alignas(128) float data[2] = {1, 2};
              *result = tensor(data, kDLCPU, 2, 32, 1, 2, 0);
              return __TVMBackendParallelLaunch(task, (void*)x, 0);
            """,
            """
            void TVMFFIErrorSetRaisedFromCStr(const char* kind, const char* message);

            static int task(int id, TVMParallelGroupEnv* env, void* x) {
              if (((float*)x)[0] == 0) return 0;
              TVMFFIErrorSetRaisedFromCStr("ValueError", "the task failed");
              return -1;
            }
            """);
        using var model = SafeModel.LoadPlain(path, TestRuntime.RelaxOptions);

        for (var i = 0; i < 3; i++)
        {
            Assert.That(() => model.Run(new float[] { 1, 0 }), Refused.With(SafeModelError.RuntimeFailed, "the task failed"));
            Assert.That(model.Run(new float[] { 0, 0 })[0].ToArray<float>(), Is.EqualTo(new float[] { 1, 2 }));
        }
    }

    [Test]
    public void Two_threads_get_the_right_bits_of_40_000_calls()
    {
        const int threads = 2, calls = 20_000;
        ModelSealer.Seal(TestModel.RelaxDigits.Folder, _folder["sealed"], _key);
        using var model = SafeModel.Load(_folder["sealed"], _key, TestRuntime.RelaxOptions);
        var cases = TestModel.RelaxDigits.Cases.Select(one => one.Inputs()["image"].ToArray<float>()).ToArray();
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
}
