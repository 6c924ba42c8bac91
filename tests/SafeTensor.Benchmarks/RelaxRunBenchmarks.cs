using BenchmarkDotNet.Attributes;
using SafeTensor.Runtime;

namespace SafeTensor.Benchmarks;

/// <summary>As <see cref="RunBenchmarks"/> of a Relax model: the executor's own run is TVM's direct call and the release of its last result.</summary>
/// <remarks>Needs <c>shared</c> beside the repository, with the model and Apache's libraries.</remarks>
[MemoryDiagnoser]
public class RelaxRunBenchmarks
{
    private readonly float[] _input = new float[64];
    private readonly float[] _output = new float[10];
    private DigitsModel _digits = null!;
    private SafeModel _model = null!;
    private ModelSession _session = null!;

    [GlobalSetup]
    public void Load()
    {
        _digits = DigitsModel.Relax();
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
    public void DirectCall() => _session.RunExecutorAlone();

    [Benchmark]
    public void Session() => _session.Run();

    [Benchmark]
    public void Spans() => _model.Run<float, float>(_input, _output);

    [Benchmark]
    public float[] Arrays() => _model.Run(_input)[0].ToArray<float>();
}
