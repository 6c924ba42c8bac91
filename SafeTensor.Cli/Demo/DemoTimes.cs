using System.Diagnostics;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Demo;

/// <summary>Medians of one kind of model, plain or sealed.</summary>
/// <param name="Load">From the files to a model that can run.</param>
/// <param name="Loads">How often that was measured.</param>
/// <param name="Run">One run of a session.</param>
/// <param name="Runs">How often that was measured.</param>
internal sealed record DemoTimes(TimeSpan Load, int Loads, TimeSpan Run, int Runs)
{
    private const int MostLoads = 25, MostRuns = 2000;

    // Of each, whatever the model's size.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    internal static DemoTimes Measure(Func<SafeModel> load, IReadOnlyDictionary<string, TensorValue> inputs, CancellationToken cancellationToken)
    {
        var loads = Times(() => load().Dispose(), MostLoads, cancellationToken);
        using var model = load();
        using var session = model.CreateSession();
        for (var i = 0; i < model.Inputs.Count; i++)
        {
            inputs[model.Inputs[i].Name].Bytes.CopyTo(session.InputBytes(i));
        }

        var runs = Times(session.Run, MostRuns, cancellationToken);
        return new DemoTimes(Median(loads), loads.Count, Median(runs), runs.Count);
    }

    private static List<long> Times(Action action, int most, CancellationToken cancellationToken)
    {
        var (times, start) = (new List<long>(), Stopwatch.GetTimestamp());
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            var started = Stopwatch.GetTimestamp();
            action();
            times.Add(Stopwatch.GetTimestamp() - started);
        }
        while (times.Count < most && Stopwatch.GetElapsedTime(start) < Patience);
        return times;
    }

    private static TimeSpan Median(List<long> ticks)
    {
        ticks.Sort();
        return TimeSpan.FromSeconds((double)ticks[ticks.Count / 2] / Stopwatch.Frequency);
    }
}
