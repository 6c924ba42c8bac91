using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using SafeTensor.Cli.Bench;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Benchmarks.Onnx;

/// <summary>Load and first run of one network: sealed and plain by SafeTensor, plain by ONNX Runtime. Interleaved, each in a process of its own.</summary>
internal static class OnnxComparison
{
    private const int Rounds = 15;

    /// <param name="folder">With a compiled model, and with the same network as <c>.onnx</c> or <c>.onnx.gz</c>.</param>
    internal static void Run(string folder)
    {
        var temporary = Directory.CreateTempSubdirectory("safetensor-onnx-").FullName;
        try
        {
            using var key = KeyPage.Create();
            RandomNumberGenerator.Fill(key.Span);
            var (model, sample) = (Path.Combine(temporary, "model"), Path.Combine(temporary, "sample"));
            ModelSealer.Seal(folder, model, key.Span);
            ModelSealer.Seal(DigitsModel.Plain, sample, key.Span);
            Measure(key, new()
            {
                [FirstRunKind.Sealed] = (model, sample),
                [FirstRunKind.Plain] = (folder, DigitsModel.Plain),
                [FirstRunKind.OnnxRuntime] = (Unpacked(folder, temporary), Path.Combine(DigitsModel.Plain, "digits.onnx")),
            });
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    private static void Measure(ProtectedMemory key, Dictionary<FirstRunKind, (string Model, string Sample)> paths)
    {
        var times = paths.Keys.ToDictionary(kind => kind, _ => new List<(double Load, double Run)>());
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (kind, (model, sample)) in round % 2 == 0 ? paths : paths.Reverse())
            {
                var output = FreshProcess.ReadAsync([FirstRun.Verb, kind.ToString(), model, sample], kind == FirstRunKind.Sealed ? key : null, CancellationToken.None)
                    .GetAwaiter().GetResult();
                var numbers = output.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToList();
                times[kind].Add((numbers[0], numbers[1]));
            }
        }

        Console.WriteLine($"Milliseconds, medians of {Rounds}   load   first run   both");
        foreach (var (kind, measured) in times)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{kind,-26} {Median(measured.Select(time => time.Load)),8:F1} {Median(measured.Select(time => time.Run)),11:F1} {Median(measured.Select(time => time.Load + time.Run)),6:F1}"));
        }
    }

    private static string Unpacked(string folder, string temporary)
    {
        if (Directory.GetFiles(folder, "*.onnx") is [var plain, ..])
        {
            return plain;
        }

        var packed = Directory.GetFiles(folder, "*.onnx.gz").FirstOrDefault()
            ?? throw new FileNotFoundException($"There is no .onnx and no .onnx.gz in '{folder}' to compare the model with.");
        var path = Path.Combine(temporary, Path.GetFileNameWithoutExtension(packed));
        using var source = new GZipStream(File.OpenRead(packed), CompressionMode.Decompress);
        using var target = File.Create(path);
        source.CopyTo(target);
        return path;
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);
}
