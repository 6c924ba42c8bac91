using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace SafeTensor.Native;

/// <summary>A library in this process, with all that it takes from others found: what is missing would end the process when it is first called.</summary>
internal sealed unsafe class LoadedCode : IDisposable
{
    private readonly void* _handle;

    /// <param name="path">Loaded in its own scope, unless it is loaded already; its constructors run.</param>
    /// <exception cref="DllNotFoundException">It cannot be loaded; the message is the loader's.</exception>
    internal LoadedCode(string path)
    {
        // Once before it is needed: what is left there is an earlier call's.
        _ = Utf8StringMarshaller.ConvertToManaged(LibC.dlerror());
        _handle = LibC.dlopen(path, LibC.RTLD_NOW);
        if (_handle == null)
        {
            throw new DllNotFoundException(Utf8StringMarshaller.ConvertToManaged(LibC.dlerror()));
        }
    }

    internal bool TryFind(string name, out nint address) => NativeLibrary.TryGetExport((nint)_handle, name, out address);

    public void Dispose() => _ = LibC.dlclose(_handle);
}
