using System.Diagnostics;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Demo;

/// <summary>Medians of one kind of model, plain or sealed.</summary>
/// <param name="Load">From the files to a model that can run.</param>
/// <param name="Run">One run of one picture.</param>
internal sealed record DemoTimes(TimeSpan Load, TimeSpan Run)
{
    /// <summary>Of loads.</summary>
    internal const int Loads = 25;

    /// <summary>Of runs.</summary>
    internal const int Runs = 2000;

    internal static DemoTimes Measure(Func<SafeModel> load, float[] input, CancellationToken cancellationToken)
    {
        var loads = Enumerable.Range(0, Loads).Select(_ => Time(() => load().Dispose(), cancellationToken)).ToList();
        using var model = load();
        var output = new float[model.Outputs[0].ElementCount];
        var runs = Enumerable.Range(0, Runs).Select(_ => Time(() => model.Run<float, float>(input, output), cancellationToken)).ToList();
        return new DemoTimes(Median(loads), Median(runs));
    }

    private static long Time(Action action, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var started = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetTimestamp() - started;
    }

    private static TimeSpan Median(List<long> ticks)
    {
        ticks.Sort();
        return TimeSpan.FromSeconds((double)ticks[ticks.Count / 2] / Stopwatch.Frequency);
    }
}
