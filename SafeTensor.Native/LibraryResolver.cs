using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>Tells .NET which loaded library each binding means: one of each kind a process.</summary>
internal static class LibraryResolver
{
    static LibraryResolver() => NativeLibrary.SetDllImportResolver(
        typeof(LibraryResolver).Assembly,
        static (name, _, _) => name switch { TvmApi.Library => TvmLibrary.Handle, FfiApi.Library => FfiLibrary.Handle, _ => 0 });

    /// <summary>To be called before the first function of a binding.</summary>
    internal static void Install()
    {
        // What is above, once.
    }
}
