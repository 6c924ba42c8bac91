using Microsoft.Win32.SafeHandles;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Bench;

/// <summary>A parameters file of random data, for a model of which only the graph is there.</summary>
internal static class RandomParameters
{
    private const int ChunkLength = 1 << 20;

    // The same data each time: what is measured then differs in nothing else.
    private const int Seed = 1;

    /// <summary>Which of a graph's arguments are parameters. A graph cannot tell them from inputs.</summary>
    /// <param name="arguments">Of the graph.</param>
    /// <param name="inputs">Those that are not; where there are none, all but those that TVM has named, p0, p1 and so on.</param>
    /// <exception cref="UsageException">There is no such input, or nothing is left.</exception>
    internal static IReadOnlyList<GraphTensor> Choose(IReadOnlyList<GraphTensor> arguments, IReadOnlyList<string> inputs)
    {
        if (inputs.FirstOrDefault(input => arguments.All(argument => argument.Name != input)) is { } unknown)
        {
            throw new UsageException($"--input {unknown}: the graph has no such argument; it has {Names(arguments)}.");
        }

        var chosen = arguments.Where(argument => inputs.Count > 0 ? !inputs.Contains(argument.Name) : IsTvmsName(argument.Name)).ToList();
        return chosen.Sum(parameter => Math.Max(0, (decimal)parameter.Type.ByteLengthOf(parameter.Shape))) > 0 ? chosen
            : throw new UsageException(
                $"None of the graph's arguments ({Names(arguments)}) is a parameter. TVM calls parameters p0, p1 and so on; where they have other names, name the inputs with --input, and all others are parameters.");
    }

    /// <summary>How long the file will be, about: the data without what stands around it.</summary>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.ModelInvalid"/>: a shape has no length.</exception>
    internal static long LengthOf(IReadOnlyList<GraphTensor> parameters)
    {
        long length = 0;
        foreach (var parameter in parameters)
        {
            var bytes = parameter.Type.ByteLengthOf(parameter.Shape);
            length = bytes >= 0 && bytes <= long.MaxValue - length ? length + bytes
                : throw new SafeModelException(SafeModelError.ModelInvalid, $"The graph's argument '{SafeText.Escape(parameter.Name)}' has a shape of more bytes than there can be.");
        }

        return length;
    }

    /// <summary>Writes it, and waits until it is on the disk.</summary>
    internal static void Write(
        string path, IReadOnlyList<GraphTensor> parameters, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        var random = new Random(Seed);
        var chunk = new byte[ChunkLength];
        var meter = new ProgressMeter(progress, LengthOf(parameters));
        var at = Append(file, 0, ParamsFormat.Names([.. parameters.Select(parameter => parameter.Name)]));
        foreach (var (_, type, shape, _) in parameters)
        {
            var length = type.ByteLengthOf(shape);
            ParamsFormat.WriteRecord(chunk, type, shape, length);
            at = Append(file, at, chunk.AsSpan(0, ParamsFormat.RecordLength(shape.Length)));
            for (long left = length; left > 0; left -= ChunkLength)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var data = chunk.AsSpan(0, (int)Math.Min(left, ChunkLength));
                random.NextBytes(data);
                at = Append(file, at, data);
                meter.Add(data.Length);
            }
        }

        DiskFlush.Of(file, path);
    }

    private static long Append(SafeFileHandle file, long at, ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(file, bytes, at);
        return at + bytes.Length;
    }

    private static bool IsTvmsName(string name) => name.Length > 1 && name[0] == 'p' && name.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0;

    private static string Names(IReadOnlyList<GraphTensor> arguments) =>
        arguments.Count == 0 ? "none" : SafeText.List([.. arguments.Select(argument => argument.Name)], SafeText.Escape);
}
