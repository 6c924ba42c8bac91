using BenchmarkDotNet.Attributes;
using SafeTensor.Runtime;

namespace SafeTensor.Benchmarks;

/// <summary>What each way to run adds to the executor's own run, and what it allocates. Of a Relax model that is TVM's direct call and the release of its last result.</summary>
[MemoryDiagnoser]
public class RunBenchmarks
{
    private readonly float[] _input = new float[64];
    private readonly float[] _output = new float[10];
    private DigitsModel _digits = null!;
    private SafeModel _model = null!;
    private ModelSession _session = null!;

    /// <summary>Relax needs <c>shared</c> beside the repository.</summary>
    public static IEnumerable<string> Kinds => DigitsModel.HasRelax ? ["graph executor", "Relax"] : ["graph executor"];

    [ParamsSource(nameof(Kinds))]
    public string Kind { get; set; } = "";

    [GlobalSetup]
    public void Load()
    {
        _digits = Kind == "Relax" ? DigitsModel.Relax() : new DigitsModel();
        _model = _digits.Load();
        _session = _model.CreateSession();
        _session.Run();
    }

    [GlobalCleanup]
    public void Unload()
    {
        _session.Dispose();
        _model.Dispose();
        _digits.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void Executor() => _session.RunExecutorAlone();

    [Benchmark]
    public void Session() => _session.Run();

    [Benchmark]
    public void Spans() => _model.Run<float, float>(_input, _output);

    [Benchmark]
    public float[] Arrays() => _model.Run(_input)[0].ToArray<float>();
}
