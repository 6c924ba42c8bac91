using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>The code that runs is the code that was checked, whatever becomes of its file, and each model's is its own.</summary>
[NonParallelizable]
public sealed class RunningCodeTests
{
    private const byte Answer = 42, OtherAnswer = 43;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;

    private string Code => _folder["sealed/mod.so"];

    [SetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        foreach (var (name, answer) in new[] { ("", Answer), ("other-", OtherAnswer) })
        {
            AnsweringModel.Create(_folder[$"{name}plain"], answer);
            ModelSealer.Seal(_folder[$"{name}plain"], _folder[$"{name}sealed"], _key, new SealOptions { ClearCode = true });
        }
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void Code_rewritten_after_its_check_and_before_it_is_mapped_does_not_run([Values] Rewriting rewriting)
    {
        // Parameters are read after the code was checked and before it is mapped.
        var rewrite = new FirstProgress(() => Rewrite(rewriting));

        using var model = SafeModel.LoadAsync(_folder["sealed"], _key, TestRuntime.Options, rewrite).GetAwaiter().GetResult();

        Assert.That(rewrite.IsDone, Is.True);
        Assert.That(AnsweringModel.Ask(model), Is.EqualTo(Answer));
        Assert.That(() => SafeModel.Load(_folder["sealed"], _key, TestRuntime.Options), Throws.Exception, "The rewritten file passes.");
    }

    [Test]
    public void Code_rewritten_after_it_ran_goes_on_as_it_was([Values] Rewriting rewriting)
    {
        using var model = SafeModel.Load(_folder["sealed"], _key, TestRuntime.Options);
        using var session = model.CreateSession();
        Assert.That(AnsweringModel.Ask(session), Is.EqualTo(Answer));
        Assert.That(AnsweringModel.Ask(model), Is.EqualTo(Answer));

        Rewrite(rewriting);
        foreach (var name in new[] { "mod.params", "mod.json" })
        {
            File.WriteAllBytes(_folder[$"sealed/{name}"], []);
        }

        Assert.That(AnsweringModel.Ask(session), Is.EqualTo(Answer));
        using var later = model.CreateSession();
        Assert.That(AnsweringModel.Ask(later), Is.EqualTo(Answer));
        Assert.That(AnsweringModel.Ask(model), Is.EqualTo(Answer));
    }

    [Test]
    public void Plain_code_rewritten_after_it_ran_goes_on_as_it_was()
    {
        using var model = SafeModel.LoadPlain(_folder["plain"], TestRuntime.Options);
        File.Copy(_folder["other-plain/mod.so"], _folder["plain/mod.so"], overwrite: true);

        Assert.That(AnsweringModel.Ask(model), Is.EqualTo(Answer));
    }

    [Test]
    public void A_model_that_gets_the_descriptor_of_one_before_it_runs_its_own_code()
    {
        const int rounds = 200;
        var descriptors = new List<string>();
        for (var round = 0; round < rounds; round++)
        {
            using var model = Load(round);
            Assert.That(AnsweringModel.Ask(model), Is.EqualTo(AnswerOf(round)));
            descriptors.AddRange(Descriptors());
        }

        var reused = descriptors.Zip(descriptors.Skip(1)).Count(pair => pair.First == pair.Second);
        TestContext.Out.WriteLine($"{reused} of {rounds} loads got the descriptor of the model before");
        Assert.That(reused, Is.GreaterThan(rounds / 2));
    }

    [Test]
    public void Code_that_a_session_outliving_its_model_holds_is_not_taken_for_another_models()
    {
        var first = Load(0);
        var before = Descriptors();
        using var release = new ManualResetEventSlim();
        try
        {
            // The session is garbage, but what it holds is not freed while the finalizer thread is busy.
            Abandon(first);
            BlockFinalizers(release);
            GC.Collect();
            first.Dispose();

            for (var round = 1; round < 10; round++)
            {
                using var model = Load(round);
                Assert.That(AnsweringModel.Ask(model), Is.EqualTo(AnswerOf(round)));
            }

            Assert.That(Descriptors(), Is.EqualTo(before), "The first model's code is to be held still.");
        }
        finally
        {
            release.Set();
        }

        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Load(0).Dispose();
        Assert.That(Descriptors(), Has.Length.LessThan(before.Length));
    }

    [Test]
    public void Threads_that_load_run_and_leave_models_get_the_answers_of_their_own()
    {
        const int threads = 4, rounds = 60;
        Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Factory.StartNew(
            () =>
            {
                for (var round = thread; round < thread + rounds; round++)
                {
                    if (round % 5 == 0)
                    {
                        Abandon(Load(round + 1));
                    }

                    using var model = Load(round);
                    Assert.That(AnsweringModel.Ask(model), Is.EqualTo(AnswerOf(round)));
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))).GetAwaiter().GetResult();
    }

    private static byte AnswerOf(int round) => round % 2 == 0 ? Answer : OtherAnswer;

    private SafeModel Load(int round) => SafeModel.Load(_folder[round % 2 == 0 ? "sealed" : "other-sealed"], _key, TestRuntime.Options);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Abandon(SafeModel model) => model.CreateSession().Run();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BlockFinalizers(ManualResetEventSlim release) => _ = new Blocking(release);

    /// <summary>Of the code images that are open.</summary>
    private static string[] Descriptors() =>
        [.. Directory.GetFiles("/proc/self/fd").Where(file => new FileInfo(file).LinkTarget?.Contains("safetensor-code", StringComparison.Ordinal) ?? false)];

    private void Rewrite(Rewriting rewriting)
    {
        switch (rewriting)
        {
            case Rewriting.OtherCode:
                // The same file, not another of its name.
                using (var file = File.Open(Code, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
                {
                    file.Write(File.ReadAllBytes(_folder["other-sealed/mod.so"]));
                }

                break;
            case Rewriting.Nothing:
                File.WriteAllBytes(Code, []);
                break;
            case Rewriting.OtherFile:
                File.Delete(Code);
                File.Copy(_folder["other-sealed/mod.so"], Code);
                break;
            default:
                File.Delete(Code);
                break;
        }
    }

    /// <summary>What becomes of the file.</summary>
    public enum Rewriting
    {
        /// <summary>Its bytes are those of other code.</summary>
        OtherCode,

        /// <summary>It has no bytes.</summary>
        Nothing,

        /// <summary>Another file with other code has its name.</summary>
        OtherFile,

        /// <summary>It is gone.</summary>
        Deleted,
    }

    private sealed class Blocking(ManualResetEventSlim release)
    {
        ~Blocking() => release.Wait();
    }
}
