using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace SafeTensor.Benchmarks;

/// <summary>Runs benchmarks in this process: the native library is then the one that was built beside it.</summary>
internal static class SharedProcess
{
    internal static IConfig Config { get; } = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
}
