using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>
/// The scratch memory of compiled kernels, which the embedded runtime keeps for each thread and can wipe. Relax models get it too: what Apache's runtime keeps
/// for their kernels nobody wipes, and a repacked weight or a row of an embedding can be in it.
/// </summary>
internal static unsafe class Workspaces
{
    private static readonly Lazy<nint> Library = new(Open);

    /// <summary>Makes sure that it is there.</summary>
    /// <exception cref="DllNotFoundException">The embedded runtime is missing or cannot be loaded.</exception>
    internal static void Load() => _ = Library.Value;

    /// <summary>Points the kernels of a library that the runtime has just loaded to it.</summary>
    /// <param name="path">As the runtime was given it.</param>
    /// <exception cref="DllNotFoundException">No such library is loaded.</exception>
    internal static void Serve(string path)
    {
        var code = LibC.dlopen(path, LibC.RTLD_NOW | LibC.RTLD_NOLOAD);
        if (code == null)
        {
            throw new DllNotFoundException($"'{path}' is not loaded.");
        }

        // Variables that the runtime has filled with its own functions; a model without scratch memory has none.
        foreach (var function in new[] { "TVMBackendAllocWorkspace", "TVMBackendFreeWorkspace" })
        {
            if (NativeLibrary.TryGetExport((nint)code, "__" + function, out var variable))
            {
                *(nint*)variable = NativeLibrary.GetExport(Library.Value, function);
            }
        }

        _ = LibC.dlclose(code);
    }

    /// <summary>Overwrites with zeros what no kernel uses now, on every thread, and the rest once it is free.</summary>
    internal static void Wipe() => ((delegate* unmanaged[Cdecl]<void>)NativeLibrary.GetExport(Library.Value, "SafeTensorWipeWorkspaces"))();

    // In no scope but its own: the process's graph-executor runtime can be another.
    private static nint Open()
    {
        var path = TvmLibrary.FindEmbedded();
        var library = LibC.dlopen(path, LibC.RTLD_NOW);
        return library != null ? (nint)library : throw new DllNotFoundException($"SafeTensor's native part '{path}' cannot be loaded.");
    }
}
