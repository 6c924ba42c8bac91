using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests.Versions;

/// <summary><c>safetensor run --version-file</c>, killed at any moment: the file can be read, is no lower than any completed load, and nobody waits for the dead.</summary>
public sealed class KilledRunTests
{
    private const int Kills = 50;

    private static readonly string[] Names = ["model.versions", "model.versions.lock", "model.versions.new"];

    private SealedVersions _digits = null!;

    [SetUp]
    public void Seal()
    {
        _digits = new SealedVersions();

        // With as many other models as it may hold, so that writing takes a while and is hit.
        var others = new SeenVersions();
        for (var i = 2; i < SeenVersions.MaxCount; i++)
        {
            others.Raise("", $"{i:d6}" + new string('\u00e9', 125), ulong.MaxValue);
        }

        File.WriteAllBytes(_digits.VersionFile, others.Encode());
    }

    [TearDown]
    public void Delete() => _digits.Dispose();

    [Test]
    public void A_run_killed_at_any_moment_leaves_the_version_before_it_or_its_own()
    {
        var newer = _digits.Sealed(4);
        _digits.Load(3);
        var before = File.ReadAllBytes(_digits.VersionFile);
        var harness = new KillHarness(
            folder => File.WriteAllBytes(folder[Names[0]], before),
            folder => Run(newer, folder[Names[0]]),
            folder =>
            {
                var isUnfinished = Path.Exists(folder[Names[2]]);
                Assert.That(Stored(folder[Names[0]]), Is.AnyOf(3, 4));
                return isUnfinished ? KillMoment.During : Stored(folder[Names[0]]) == 4 ? KillMoment.After : KillMoment.Before;
            });

        var counts = harness.Kill(Kills);

        Assert.That(counts.All, Is.EqualTo(Kills));
    }

    /// <summary>Killed when the write begins, which a random moment of a run seldom hits.</summary>
    [Test]
    public void Runs_that_share_a_file_and_are_killed_while_they_write_it_forget_no_version()
    {
        var unfinished = 0;
        using var writes = new FileSystemWatcher(_digits.State, Names[2]) { EnableRaisingEvents = true };
        Task.WaitAll(Enumerable.Range(0, 2).Select(worker => Task.Factory.StartNew(() => KillWhileWriting($"model{worker}", worker), TaskCreationOptions.LongRunning)).ToArray());

        TestContext.Out.WriteLine($"{Kills} kills, {unfinished} left something unfinished");
        Assert.That(unfinished, Is.Positive);
        Assert.That(_digits.Files, Is.SubsetOf(Names));

        void KillWhileWriting(string model, int seed)
        {
            var random = new Random(seed);
            ulong known = 0;
            for (var kills = 0; kills < Kills / 2;)
            {
                var version = known + 1;
                var package = _digits.SealNew(_digits[$"{model}-{kills}"], new SealOptions { ModelId = model, ModelVersion = version, Overwrite = true });
                var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                FileSystemEventHandler notice = (_, _) => begun.TrySetResult();
                writes.Created += notice;
                using (var process = CliProcess.Start(Run(package, _digits.VersionFile)))
                {
                    // Either one's write wakes both, so some are killed while they wait for the other, or before.
                    Task.WaitAny(begun.Task, process.WaitForExitAsync());
                    if (!process.WaitForExit(TimeSpan.FromMilliseconds(8 * random.NextDouble())))
                    {
                        process.Kill();
                        kills++;
                    }

                    process.WaitForExit();
                    Assert.That(process.ExitCode, Is.Zero.Or.EqualTo(128 + 9), () => process.StandardError.ReadToEnd());
                    known = process.ExitCode == 0 ? version : known;
                }

                writes.Created -= notice;
                Interlocked.Add(ref unfinished, Path.Exists(_digits.VersionFile + ".new") ? 1 : 0);

                // What a load completed, or anybody has read, is there for whoever comes later, and the dead hold no lock.
                var stored = Stored(_digits.VersionFile, model);
                Assert.That(stored, Is.InRange(known, version));
                known = stored;
                new VersionFile(_digits.VersionFile).Raise([], model, stored, CancellationToken.None);
            }
        }
    }

    private string[] Run(string package, string file) =>
        ["run", package, "--key", _digits.KeyFile, "--version-file", file, "--input", SealedDigits.Image(0)];

    private static ulong Stored(string file, string model = "digits") => SeenVersions.Decode(File.ReadAllBytes(file)).Of("", model);
}
