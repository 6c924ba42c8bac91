using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>
/// What compiled kernels leave in memory, which can be weights: a repacked one, or rows of an embedding. The embedded runtime can wipe it, and does so for
/// Relax models too, whose own runtime never would.
/// </summary>
internal static unsafe class KernelMemory
{
    private static readonly Lazy<nint> Library = new(Open);

    /// <summary>Makes sure that the embedded runtime is there.</summary>
    /// <exception cref="DllNotFoundException">It is missing or cannot be loaded.</exception>
    internal static void Load() => _ = Library.Value;

    /// <summary>Gives the kernels of a library that Apache's runtime has loaded the embedded runtime's scratch memory, also back from parallel sections that fail.</summary>
    internal static void ServeScratch(LoadedCode code)
    {
        // Variables that the runtime has filled with its own functions; a model without scratch memory has none.
        foreach (var function in new[] { "TVMBackendAllocWorkspace", "TVMBackendFreeWorkspace" })
        {
            if (code.TryFind("__" + function, out var variable))
            {
                *(nint*)variable = Function(function);
            }
        }

        if (code.TryFind("__TVMBackendParallelLaunch", out var launch) && *(nint*)launch != 0)
        {
            *(nint*)launch = ((delegate* unmanaged[Cdecl]<nint, nint>)Function("SafeTensorGuardLaunch"))(*(nint*)launch);
        }
    }

    /// <summary>Overwrites the scratch memory of all threads with zeros: what no kernel uses now, and the rest once it is free.</summary>
    internal static void WipeScratch() => ((delegate* unmanaged[Cdecl]<void>)Function("SafeTensorWipeWorkspaces"))();

    /// <summary>After a failed run of a Relax model, on its thread: a kernel that fails frees none of its scratch memory.</summary>
    internal static void FreeScratch() => ((delegate* unmanaged[Cdecl]<void>)Function("SafeTensorFreeWorkspaces"))();

    /// <summary>From now on a library overwrites what it frees.</summary>
    /// <returns>False where its calls cannot be changed.</returns>
    internal static bool WipeFrees(nint library) => ((delegate* unmanaged[Cdecl]<nint, int>)Function("SafeTensorWipeFrees"))(library) != 0;

    private static nint Function(string name) => NativeLibrary.GetExport(Library.Value, name);

    // In no scope but its own: the process's graph-executor runtime can be another.
    private static nint Open() => LoadedCode.Open(TvmLibrary.FindEmbedded(), scope: 0);
}
