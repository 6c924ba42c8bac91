using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>The process's runtime for Relax models.</summary>
internal static unsafe class RelaxRuntime
{
    private const string HowTo =
        "It runs on Apache's own runtime: install it (`pip install apache-tvm`, 0.25 or newer) and name tvm/lib/libtvm_runtime.so with SafeModelOptions.RuntimeLibrary or --runtime.";

    /// <returns>What it is, for <see cref="SafeModel.Runtime"/>.</returns>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.RuntimeFailed"/>: none is named, or it is none for Relax models.</exception>
    internal static string Load(string? library)
    {
        if (library is null)
        {
            throw new SafeModelException(SafeModelError.RuntimeFailed, $"This is a Relax model, of TVM 0.20 or newer, and no runtime for it is named. {HowTo}");
        }

        if (!FfiLibrary.Is(library) && !RuntimeLibrary.IsForRelax(library))
        {
            throw new SafeModelException(
                SafeModelError.RuntimeFailed, $"This is a Relax model, and '{SafeText.EscapePath(library)}' is no runtime for it: it is of TVM 0.20 or older, or another library. {HowTo}");
        }

        try
        {
            var path = FfiLibrary.Load(library);
            TVMFFIVersion version;
            FfiApi.TVMFFIGetVersion(&version);
            return $"{SafeText.EscapePath(path)}, tvm-ffi {version.major}.{version.minor}.{version.patch}";
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new SafeModelException(SafeModelError.RuntimeFailed, SafeText.EscapePath(e.Message), e);
        }
    }
}
