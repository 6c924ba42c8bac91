using BenchmarkDotNet.Attributes;
using SafeTensor.Runtime;

namespace SafeTensor.Benchmarks;

/// <summary>Loading the sample, plain and sealed, files warm.</summary>
[MemoryDiagnoser]
public class LoadBenchmarks
{
    private DigitsModel _digits = null!;

    [GlobalSetup]
    public void Seal() => _digits = new DigitsModel();

    [GlobalCleanup]
    public void Delete() => _digits.Dispose();

    [Benchmark(Baseline = true)]
    public void Plain() => SafeModel.LoadPlain(DigitsModel.Plain).Dispose();

    [Benchmark]
    public void Sealed() => _digits.Load().Dispose();
}
