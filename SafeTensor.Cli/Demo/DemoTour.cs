using SafeTensor.Cli.Inputs;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Cli.Demo;

/// <summary>Seals a model with a fresh key, attacks it, loads it and measures. All that it writes is in one temporary folder.</summary>
/// <param name="source">A plain model; <see langword="null"/> for the sample.</param>
/// <param name="options">To load it with.</param>
internal sealed class DemoTour(string? source, SafeModelOptions options)
{
    private readonly DemoSample _sample = DemoSample.Find();

    private string Source => source ?? _sample.Directory;

    internal async Task<DemoResult> RunAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("safetensor-demo-");
        try
        {
            return await RunAsync(folder.FullName, cancellationToken);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task<DemoResult> RunAsync(string folder, CancellationToken cancellationToken)
    {
        using var key = ModelKey.CreateFile(Path.Combine(folder, "model.key"));
        var path = Path.Combine(folder, "model");
        var package = await ModelSealer.SealAsync(Source, path, key, cancellationToken: cancellationToken);

        var refusals = new List<(string, SafeModelException)>();
        foreach (var attack in DemoAttack.All(path, package, key, options))
        {
            cancellationToken.ThrowIfCancellationRequested();
            refusals.Add((attack.Name, attack.Run(path, Path.Combine(folder, $"attack{refusals.Count}"))));
        }

        // The scans come before anything loads the plain model: its weights are the same.
        var markers = Markers();
        var before = MemoryScan.Run(markers);
        var model = await SafeModel.LoadAsync(path, key, options, cancellationToken: cancellationToken);
        var loaded = MemoryScan.Run(markers);
        var digits = DemoDigit.IsInputOf(model) ? _sample.Digits : [];
        var inputs = digits.Count > 0 ? [.. digits.Select(digit => new Dictionary<string, TensorValue> { [model.Inputs[0].Name] = digit.Input })] : new[] { InputFiles.Zeros(model.Inputs) };
        var outputs = inputs.Select(model.Run).ToList();
        var (runtime, protection) = (model.Runtime, model.Protection.Level);
        model.Dispose();
        var disposed = MemoryScan.Run(markers);

        using var plain = SafeModel.LoadPlain(Source, options);
        return new DemoResult(
            SafeText.EscapePath(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Source)))),
            package,
            refusals,
            [.. digits.Zip(outputs, (digit, output) => digit.Predict(output)).OfType<DemoPrediction>()],
            inputs.Length,
            inputs.Zip(outputs).Count(pair => AreEqual(plain.Run(pair.First), pair.Second)),
            DemoTimes.Measure(() => SafeModel.LoadPlain(Source, options), inputs[0], cancellationToken),
            DemoTimes.Measure(() => SafeModel.Load(path, key, options), inputs[0], cancellationToken),
            markers.Count == 0 ? null : new WeightCopies(before.Copies, loaded.Copies, disposed.Copies, loaded.BytesRead),
            runtime,
            protection);
    }

    private WeightMarkers Markers()
    {
        using var files = SourceFiles.Open(Source);
        return files.Parameters is { } parameters ? WeightMarkers.OfTensors(parameters) : new WeightMarkers();
    }

    private static bool AreEqual(ModelOutputs some, ModelOutputs others) =>
        some.Count == others.Count && some.Zip(others).All(pair => pair.First.ElementType == pair.Second.ElementType && pair.First.Bytes.SequenceEqual(pair.Second.Bytes));
}
