using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>The process's graph-executor runtime, checked for what models need.</summary>
internal static class TvmRuntime
{
    internal const string CreateExecutor = "tvm.graph_executor.create";

    /// <returns>What it is, for <see cref="SafeModel.Runtime"/>.</returns>
    internal static unsafe string Load(string? library)
    {
        var path = TvmLibrary.Load(library);
        using (TvmCall.Global(CreateExecutor))
        {
        }

        if (!TvmLibrary.IsEmbedded)
        {
            return TvmVersion.Read(path) is { } known ? $"{path} {known}" : path;
        }

        using var version = TvmCall.Global("safetensor.version");
        return $"embedded {TvmCall.Text(version)}";
    }
}
