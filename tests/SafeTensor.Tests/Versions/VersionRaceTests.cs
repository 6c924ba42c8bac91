using System.Collections.Concurrent;
using System.Diagnostics;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests.Versions;

/// <summary>Many threads and processes load different versions at once: whatever began after a load had ended accepts nothing older.</summary>
public sealed class VersionRaceTests
{
    private const int Threads = 8, Processes = 4, Versions = 40, RunsOfAProcess = 4;

    private readonly ConcurrentBag<(ulong Version, long Begin, long End, bool IsAccepted)> _loads = [];
    private SealedVersions _digits = null!;

    [SetUp]
    public void Seal()
    {
        _loads.Clear();
        _digits = new SealedVersions();
        for (ulong version = 1; version <= Versions; version++)
        {
            _digits.Sealed(version);
        }
    }

    [TearDown]
    public void Delete() => _digits.Dispose();

    [Test]
    public void Loads_of_eight_threads_and_four_processes_are_as_if_they_came_one_after_the_other()
    {
        using var start = new Barrier(Threads + Processes);
        var processesLeft = Processes;
        var processes = Enumerable.Range(0, Processes).Select(seed => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                foreach (var version in Shuffled(seed).Take(RunsOfAProcess))
                {
                    Record(version, () => Run(version));
                }

                Interlocked.Decrement(ref processesLeft);
            },
            TaskCreationOptions.LongRunning)).ToList();
        var threads = Enumerable.Range(100, Threads).Select(seed => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                foreach (var version in Shuffled(seed))
                {
                    Record(version, () => Load(version));
                }
            },
            TaskCreationOptions.LongRunning)).ToList();
        Task.WaitAll([.. processes, .. threads]);

        AssertLinear();
        Assert.That(_digits.Stored, Is.EqualTo(Versions));
        Assert.That(_digits.Files, Is.EquivalentTo(new[] { "model.versions", "model.versions.lock" }));
        TestContext.Out.WriteLine($"{_loads.Count} loads, {_loads.Count(load => load.IsAccepted)} accepted");
    }

    /// <summary>The file alone, without the loads around it, so that the threads meet in it as often as can be.</summary>
    [Test]
    public void Raising_from_eight_threads_is_as_if_they_came_one_after_the_other([Values(1, 2, 3)] int seed)
    {
        using var start = new Barrier(Threads);
        var file = new VersionFile(_digits.VersionFile);
        var threads = Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(
            () =>
            {
                // Each climbs, so that most raises have something to write.
                var random = new Random((seed * 100) + thread);
                start.SignalAndWait();
                for (var i = 0; i < 60; i++)
                {
                    var version = (ulong)((i * 10) + random.Next(30));
                    Record(version, () => Raise(file, version));
                }
            },
            TaskCreationOptions.LongRunning)).ToArray();
        Task.WaitAll(threads);

        AssertLinear();
        Assert.That(_digits.Stored, Is.EqualTo(_loads.Where(load => load.IsAccepted).Max(load => load.Version)));
        Assert.That(_loads.Count(load => load.IsAccepted), Is.GreaterThan(20));
    }

    private static bool Raise(VersionFile file, ulong version)
    {
        try
        {
            file.Check([], "digits", version);
            file.Raise([], "digits", version, CancellationToken.None);
            return true;
        }
        catch (SafeModelException e) when (e.Error == SafeModelError.RolledBack)
        {
            return false;
        }
    }

    private bool Load(ulong version)
    {
        try
        {
            _digits.Load(version);
            return true;
        }
        catch (SafeModelException e) when (e.Error == SafeModelError.RolledBack)
        {
            return false;
        }
    }

    private bool Run(ulong version)
    {
        var run = CliProcess.Run(["run", _digits.Sealed(version), "--key", _digits.KeyFile, "--version-file", _digits.VersionFile, "--input", SealedDigits.Image(0)]);
        Assert.That(run.ExitCode, Is.Zero.Or.EqualTo(10 + (int)SafeModelError.RolledBack), run.Error);
        return run.ExitCode == 0;
    }

    // Begun a little earlier and ended a little later than it was: what is then asserted is never more than what holds.
    private void Record(ulong version, Func<bool> load)
    {
        var begin = Stopwatch.GetTimestamp();
        var isAccepted = load();
        _loads.Add((version, begin, Stopwatch.GetTimestamp(), isAccepted));
    }

    private void AssertLinear()
    {
        var accepted = _loads.Where(load => load.IsAccepted).ToList();
        foreach (var load in _loads)
        {
            var highestBefore = accepted.Where(other => other.End < load.Begin).Select(other => other.Version).DefaultIfEmpty().Max();
            if (load.IsAccepted)
            {
                Assert.That(load.Version, Is.GreaterThanOrEqualTo(highestBefore), "It is older than one whose load had ended before this one began.");
            }
            else
            {
                Assert.That(accepted.Any(other => other.Version > load.Version && other.Begin < load.End), Is.True, $"Nothing newer than version {load.Version} was being loaded.");
            }
        }
    }

    private static ulong[] Shuffled(int seed)
    {
        var versions = Enumerable.Range(1, Versions).Select(version => (ulong)version).ToArray();
        new Random(seed).Shuffle(versions);
        return versions;
    }
}
