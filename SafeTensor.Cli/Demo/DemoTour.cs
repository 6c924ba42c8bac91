using System.Numerics.Tensors;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Cli.Demo;

/// <summary>Seals the sample with a fresh key, attacks it, loads it and measures. Everything is in one temporary folder.</summary>
internal static class DemoTour
{
    internal static async Task<DemoResult> RunAsync(CancellationToken cancellationToken)
    {
        var sample = DemoSample.Find();
        var folder = Directory.CreateTempSubdirectory("safetensor-demo-");
        try
        {
            return await RunAsync(sample, folder.FullName, cancellationToken);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<DemoResult> RunAsync(DemoSample sample, string folder, CancellationToken cancellationToken)
    {
        using var key = ModelKey.CreateFile(Path.Combine(folder, "digits.key"));
        var path = Path.Combine(folder, "digits");
        var package = await ModelSealer.SealAsync(sample.Directory, path, key, cancellationToken: cancellationToken);

        var refusals = new List<(string, SafeModelException)>();
        foreach (var attack in DemoAttack.All(sample.Directory, key))
        {
            cancellationToken.ThrowIfCancellationRequested();
            refusals.Add((attack.Name, attack.Run(path, Path.Combine(folder, $"attack{refusals.Count}"))));
        }

        // The scans come before anything loads the plain model: its weights are the same.
        var markers = WeightMarkers.Of(Path.Combine(sample.Directory, "mod.params"));
        var before = MemoryScan.Run(markers);
        var model = await SafeModel.LoadAsync(path, key, cancellationToken: cancellationToken);
        var loaded = MemoryScan.Run(markers);
        var outputs = sample.Digits.Select(digit => Classify(model, digit)).ToList();
        var (runtime, protection) = (model.Runtime, model.Protection.Level);
        model.Dispose();
        var disposed = MemoryScan.Run(markers);

        using var plain = SafeModel.LoadPlain(sample.Directory);
        var plainOutputs = sample.Digits.Select(digit => Classify(plain, digit)).ToList();
        var first = sample.Digits[0].Input;
        return new DemoResult(
            package,
            refusals,
            [.. sample.Digits.Zip(outputs, Predict)],
            outputs.Zip(plainOutputs).Count(pair => pair.First.AsSpan().SequenceEqual(pair.Second)),
            DemoTimes.Measure(() => SafeModel.LoadPlain(sample.Directory), first, cancellationToken),
            DemoTimes.Measure(() => SafeModel.Load(path, key), first, cancellationToken),
            new WeightCopies(before.Copies, loaded.Copies, disposed.Copies, loaded.BytesRead),
            runtime,
            protection);
    }

    private static float[] Classify(SafeModel model, DemoDigit digit) => model.Run(digit.Input)[0].ToArray<float>();

    private static DemoPrediction Predict(DemoDigit digit, float[] probabilities)
    {
        var best = TensorPrimitives.IndexOfMax<float>(probabilities);
        return new DemoPrediction(digit, best, probabilities[best]);
    }
}
