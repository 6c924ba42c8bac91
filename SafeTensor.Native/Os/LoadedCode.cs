using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace SafeTensor.Native;

/// <summary>A library in this process, with all that it takes from others found: what is missing ends the process when it is first called.</summary>
internal sealed unsafe class LoadedCode : IDisposable
{
    private readonly nint _handle;

    /// <param name="path">Loaded in its own scope, unless it is loaded already; its constructors run.</param>
    /// <exception cref="DllNotFoundException">It cannot be loaded; the message is the loader's.</exception>
    internal LoadedCode(string path) => _handle = Open(path, scope: 0);

    /// <summary>Loads a library for good.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="scope"><see cref="LibC.RTLD_GLOBAL"/>, or 0 for its own.</param>
    /// <returns>Its handle.</returns>
    /// <exception cref="DllNotFoundException">It cannot be loaded; the message is the loader's.</exception>
    internal static nint Open(string path, int scope)
    {
        // .NET looks functions up with dlsym, which forgets what dlopen said: the first time what it said is not certain to be there.
        string? error = null;
        for (var attempt = 0; attempt < 2 && error is null; attempt++)
        {
            var handle = LibC.dlopen(path, LibC.RTLD_NOW | scope);
            if (handle != null)
            {
                return (nint)handle;
            }

            error = Utf8StringMarshaller.ConvertToManaged(LibC.dlerror());
        }

        throw new DllNotFoundException(error ?? $"'{path}' cannot be loaded.");
    }

    internal bool TryFind(string name, out nint address) => NativeLibrary.TryGetExport(_handle, name, out address);

    public void Dispose() => _ = LibC.dlclose((void*)_handle);
}
