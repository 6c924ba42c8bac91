using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using SafeTensor.Runtime;

namespace SafeTensor.Benchmarks.Onnx;

/// <summary>Loads a model and runs it once on zeros, in a process that was started for it.</summary>
internal static class FirstRun
{
    internal const string Verb = "first-run";

    /// <summary>Writes the milliseconds of load and run to standard output. A sealed model's key comes on standard input.</summary>
    /// <param name="kind">What loads and runs.</param>
    /// <param name="path">The model.</param>
    /// <param name="sample">A small one, which comes first: what a process pays once, as for its libraries and for compilation, is neither's.</param>
    internal static void Report(FirstRunKind kind, string path, string sample)
    {
        using var key = kind == FirstRunKind.Sealed ? ModelKey.FromStream(Console.OpenStandardInput()) : null;
        _ = Measure(kind, sample, key);
        var (load, run) = Measure(kind, path, key);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{load.TotalMilliseconds} {run.TotalMilliseconds}"));
    }

    private static (TimeSpan Load, TimeSpan Run) Measure(FirstRunKind kind, string path, ModelKey? key)
    {
        var started = Stopwatch.GetTimestamp();
        if (kind == FirstRunKind.OnnxRuntime)
        {
            using var session = new InferenceSession(path);
            var loaded = Stopwatch.GetElapsedTime(started);
            var inputs = session.InputMetadata.ToDictionary(input => input.Key, input => Zeros(input.Value));
            started = Stopwatch.GetTimestamp();
            using var outputs = session.Run(new RunOptions(), inputs, session.OutputNames);
            return (loaded, Stopwatch.GetElapsedTime(started));
        }
        else
        {
            using var model = key is null ? SafeModel.LoadPlain(path) : SafeModel.Load(path, key);
            var loaded = Stopwatch.GetElapsedTime(started);
            var inputs = model.Inputs.ToDictionary(input => input.Name, Zeros);
            started = Stopwatch.GetTimestamp();
            model.Run(inputs);
            return (loaded, Stopwatch.GetElapsedTime(started));
        }
    }

    private static OrtValue Zeros(NodeMetadata input) =>
        OrtValue.CreateTensorValueFromMemory(new float[input.Dimensions.Aggregate(1, (product, length) => product * length)], Array.ConvertAll(input.Dimensions, length => (long)length));

    private static TensorValue Zeros(TensorInfo input) => TensorValue.Create(input.ElementType, new byte[input.ByteLength], [.. input.Shape]);
}
