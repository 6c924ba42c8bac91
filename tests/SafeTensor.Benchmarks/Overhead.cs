using System.Diagnostics;
using System.Globalization;

namespace SafeTensor.Benchmarks;

/// <summary>What each way to run adds to the executor's own run, in nanoseconds: for kernels whose own time changes more from second to second than that.</summary>
/// <remarks>The ways take turns of a few hundred microseconds, so that a slow second is slow for all, and each difference is taken within a turn.</remarks>
internal static class Overhead
{
    private const int Turns = 4000, CallsOfATurn = 20;

    internal static void Report()
    {
        using var sample = new DigitsModel();
        Report("graph executor", sample);
        if (DigitsModel.HasRelax)
        {
            using var relax = DigitsModel.Relax();
            Report("Relax", relax);
        }
    }

    private static void Report(string kind, DigitsModel digits)
    {
        using var model = digits.Load();
        using var session = model.CreateSession();
        float[] input = new float[64], output = new float[10];
        session.Run();
        Action[] ways = [session.RunExecutorAlone, session.Run, () => model.Run<float, float>(input, output)];

        var times = Array.ConvertAll(ways, _ => new double[Turns]);
        for (var turn = -Turns / 4; turn < Turns; turn++)
        {
            for (var i = 0; i < ways.Length; i++)
            {
                // Another one first in each turn.
                var way = (i + Math.Abs(turn)) % ways.Length;
                var time = Time(ways[way]);
                if (turn >= 0)
                {
                    times[way][turn] = time;
                }
            }
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{kind}: executor's own run {Median(times[0]):F0} ns; ModelSession.Run {Median(Differences(times[1], times[0])):+0;-0} ns, Run<TIn, TOut> {Median(Differences(times[2], times[0])):+0;-0} ns (medians of {Turns} turns)"));
    }

    private static double Time(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < CallsOfATurn; i++)
        {
            action();
        }

        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / CallsOfATurn;
    }

    private static double[] Differences(double[] times, double[] baseline) => [.. times.Zip(baseline, static (time, own) => time - own)];

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
