using BenchmarkDotNet.Running;
using SafeTensor.Benchmarks;
using SafeTensor.Benchmarks.Onnx;
using SafeTensor.Benchmarks.Plots;

// dotnet run -c Release -- --filter '*'           the benchmarks, in one process, so that ratios within a table compare like with like
// dotnet run -c Release -- plot RESULT.json DEST  a chart of what `safetensor bench load --json` wrote, as DEST.png and DEST.svg
// dotnet run -c Release -- overhead               what each way to run adds to the executor's own run; with Relax where shared is beside the repository
// dotnet run -c Release -- onnx FOLDER            a sealed model beside ONNX Runtime's plain one: FOLDER has the model and its .onnx or .onnx.gz
switch (args)
{
    case ["plot", var result, var destination]:
        LoadPlot.Save(result, destination);
        break;
    case ["overhead"]:
        Overhead.Report();
        break;
    case ["onnx", var folder]:
        OnnxComparison.Run(folder);
        break;
    case [FirstRun.Verb, var kind, var path, var sample]:
        FirstRun.Report(Enum.Parse<FirstRunKind>(kind), path, sample);
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(RunBenchmarks).Assembly).Run(args, SharedProcess.Config);
        break;
}
