using BenchmarkDotNet.Running;
using SafeTensor.Benchmarks;

// In one process, so that ratios within a table compare like with like: dotnet run -c Release -- --filter '*'
BenchmarkSwitcher.FromAssembly(typeof(RunBenchmarks).Assembly).Run(args, SharedProcess.Config);
