using System.Diagnostics;
using NUnit.Framework;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests;

/// <summary>Kills the program (SIGKILL) at random moments of its work, again and again, and looks at what each kill left.</summary>
/// <remarks>
/// Every run has a folder of its own, and two run at a time. Half of the kills are spread over the whole of a run; the others aim at
/// the write: earlier than the last one where that came after it, later where it came before. So a write of a few milliseconds is hit often.
/// </remarks>
/// <param name="prepare">Puts into a new folder what the program is to find there.</param>
/// <param name="arguments">Of a run in that folder.</param>
/// <param name="check">Asserts what must hold of the folder after a kill, and tells from it how far the program had come.</param>
internal sealed class KillHarness(Action<TemporaryFolder> prepare, Func<TemporaryFolder, IReadOnlyList<string>> arguments, Func<TemporaryFolder, KillMoment> check)
{
    private const int Seed = 1;

    private readonly Lock _gate = new();
    private readonly Random _random = new(Seed);
    private readonly int[] _moments = new int[3];
    private double _duration;
    private double _aim;
    private int _started;

    /// <summary>Runs it until it was killed that many times; runs that ended before their kill do not count.</summary>
    internal KillCounts Kill(int times)
    {
        RunUndisturbed();
        var watch = Stopwatch.StartNew();
        var left = times;
        TwoAtATime(() =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                while (!KillOne())
                {
                    Assert.That(_started, Is.LessThan(3 * times), "Most runs ended before they were killed.");
                }
            }
        });
        var counts = new KillCounts(_moments[0], _moments[1], _moments[2]);
        TestContext.Out.WriteLine(
            $"{counts.All} kills in {watch.Elapsed.TotalSeconds:F1} s: {counts.Before} before the write, {counts.During} during it, {counts.After} after it; "
            + $"{_started - counts.All} runs ended first; one left alone takes {_duration:F0} ms.");
        return counts;
    }

    /// <summary>Measures how long a run takes beside another.</summary>
    private void RunUndisturbed()
    {
        var watch = Stopwatch.StartNew();
        TwoAtATime(() =>
        {
            using var folder = new TemporaryFolder();
            prepare(folder);
            var run = CliProcess.Run(arguments(folder));
            Assert.That(run.ExitCode, Is.Zero, run.Error);
            Assert.That(check(folder), Is.EqualTo(KillMoment.After));
        });
        _duration = watch.Elapsed.TotalMilliseconds;
        _aim = _duration / 2;
    }

    private static void TwoAtATime(Action action) =>
        Task.WhenAll(Task.Run(action), Task.Run(action)).GetAwaiter().GetResult();

    private bool KillOne()
    {
        using var folder = new TemporaryFolder();
        prepare(folder);
        var (delay, aims) = NextDelay();
        using (var process = CliProcess.Start(arguments(folder)))
        {
            if (process.WaitForExit(delay))
            {
                Learn(KillMoment.After, aims);
                return false;
            }

            process.Kill();
            process.WaitForExit();
        }

        var moment = check(folder);
        Learn(moment, aims);
        Interlocked.Increment(ref _moments[(int)moment]);
        return true;
    }

    private (TimeSpan Delay, bool Aims) NextDelay()
    {
        lock (_gate)
        {
            var aims = _started++ % 2 == 1;
            var from = aims ? _aim - (_duration / 16) : 0;
            var length = aims ? _duration / 8 : _duration;
            return (TimeSpan.FromMilliseconds(Math.Max(0, from + (_random.NextDouble() * length))), aims);
        }
    }

    private void Learn(KillMoment moment, bool aims)
    {
        lock (_gate)
        {
            _aim += (aims ? _duration / 32 : 0) * (moment switch { KillMoment.Before => 1, KillMoment.After => -1, _ => 0 });
        }
    }
}
