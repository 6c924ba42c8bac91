using System.Diagnostics;
using SafeTensor.Native;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Bench;

/// <summary>Makes one measurement in this process, which was started for it.</summary>
/// <param name="kind">What to measure.</param>
/// <param name="key">Of the sealed package, where <paramref name="kind"/> opens it.</param>
/// <param name="options">For the library's own loads.</param>
internal sealed class LoadProbe(LoadKind kind, ModelKey? key, SafeModelOptions options)
{
    private const string Status = "/proc/self/status";

    private readonly SafeModelOptions _options = options with
    {
        LoadPath = kind == LoadKind.SealedLoadParams ? LoadPath.LoadParams : LoadPath.InPlace,
        SecretWeights = options.SecretWeights || kind == LoadKind.SecretWeights,
    };

    /// <param name="path">The model, plain or sealed as the kind wants it.</param>
    /// <param name="sample">A small model, likewise, that is loaded first: what a process pays once, as for its libraries and for compilation, is not the load's.</param>
    /// <param name="isCold">Whether the page cache forgets the files before.</param>
    internal LoadMeasurement Run(string path, string sample, bool isCold)
    {
        _ = Measure(sample);
        if (isCold)
        {
            PageCache.Drop(path);
        }
        else
        {
            PageCache.Fill(path);
        }

        return Measure(path);
    }

    private LoadMeasurement Measure(string path)
    {
        var parameters = Path.Combine(path, SourceNames.Choose(path, Directory.EnumerateFiles(path).Select(Path.GetFileName)!, isArchive: false).Parameters!);
        var before = KernelText.Bytes(Status, "VmRSS");
        return kind switch
        {
            LoadKind.FloorAes => Report(before, MachineFloor.Aes(new FileInfo(parameters).Length)),
            LoadKind.FloorPread => Report(before, MachineFloor.Pread(parameters)),
            LoadKind.FloorFirstTouch => Report(before, MachineFloor.FirstTouch(new FileInfo(parameters).Length)),
            LoadKind.PlainRead => Time(before, () => Read(parameters)),
            LoadKind.StockLoadParams => Time(before, () => LoadStock(path), _ => TvmRuntime.Load(_options.RuntimeLibrary)),
            LoadKind.LoadPlain => Time(before, () => SafeModel.LoadPlain(path, _options), model => model.Runtime),
            _ => Time(before, () => SafeModel.Load(path, key!, _options), model => model.Runtime),
        };
    }

    private static LoadMeasurement Time<T>(long before, Func<T> load, Func<T, string>? runtime = null)
        where T : IDisposable
    {
        var started = Stopwatch.GetTimestamp();
        using var loaded = load();
        return Report(before, Stopwatch.GetElapsedTime(started), runtime?.Invoke(loaded));
    }

    private static LoadMeasurement Report(long before, TimeSpan time, string? runtime = null) =>
        new(time.TotalMilliseconds, before, KernelText.Bytes(Status, "VmHWM"), KernelText.Bytes(Status, "VmRSS"), runtime);

    private static FreshMemory Read(string path)
    {
        using var file = PackageFile.Open(path);
        var memory = new FreshMemory(file.Length);
        MachineFloor.Read(file, memory);
        return memory;
    }

    private TvmModuleHandle LoadStock(string path)
    {
        TvmRuntime.Load(_options.RuntimeLibrary);
        return StockLoad.Load(path);
    }
}
