using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>The process's graph-executor runtime.</summary>
internal static class TvmRuntime
{
    private static volatile string? _description;

    /// <returns>What it is, for <see cref="SafeModel.Runtime"/>.</returns>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.RuntimeFailed"/>: it is missing, or no runtime for graph-executor models.</exception>
    internal static string Load(string? library)
    {
        if (File.Exists(library) && !TvmLibrary.Is(library) && RuntimeLibrary.IsCurrent(library))
        {
            throw new SafeModelException(
                SafeModelError.RuntimeFailed,
                $"This is a graph-executor model, of TVM 0.19 or older, and '{SafeText.EscapePath(library)}' is of TVM 0.21 or newer, whose runtime is for Relax models. Name a libtvm_runtime.so of TVM 0.14 to 0.19, or none for the embedded runtime.");
        }

        try
        {
            var path = TvmLibrary.Load(library);

            // One a process, so what it is does not change.
            return _description ??= Describe(path);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new SafeModelException(SafeModelError.RuntimeFailed, SafeText.EscapePath(e.Message), e);
        }
    }

    private static string Describe(string path)
    {
        if (!TvmLibrary.IsEmbedded)
        {
            return TvmVersion.Read(path) is { } known ? $"{path} {known}" : path;
        }

        using var version = TvmCall.Global("safetensor.version");
        return $"embedded {TvmCall.Text(version)}";
    }
}
