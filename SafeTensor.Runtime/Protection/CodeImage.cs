using System.Runtime.InteropServices;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>A model's compiled code in an anonymous file in memory, which nobody can write once it is sealed.</summary>
/// <remarks>
/// The loader opens it as <see cref="Path"/>. Its descriptor must stay open while the library is loaded: the system's loader knows
/// libraries by name, and would hand out the old one for a descriptor number that another file got.
/// </remarks>
internal sealed unsafe class CodeImage : IDisposable
{
    private const int WriteSeals = LibC.F_SEAL_WRITE | LibC.F_SEAL_SHRINK | LibC.F_SEAL_GROW | LibC.F_SEAL_SEAL;

    private readonly long _length;
    private byte* _writable;
    private int _descriptor;

    private CodeImage(int descriptor, long length)
    {
        _descriptor = descriptor;
        _length = length;
    }

    /// <summary>What to give to the loader.</summary>
    internal string Path => $"/proc/self/fd/{_descriptor}";

    /// <summary>Where to write the code; until <see cref="Seal"/>.</summary>
    internal byte* Writable => _writable != null ? _writable : throw new InvalidOperationException("The code image is sealed.");

    /// <param name="length">Bytes, one at least.</param>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.ProtectionUnavailable"/>: the system refuses files in memory.</exception>
    internal static CodeImage Create(long length)
    {
        SupportedSystem.Require();
        var image = new CodeImage(Open(), length);
        try
        {
            if (image._descriptor < 0 || LibC.ftruncate(image._descriptor, length) != 0)
            {
                throw Refused();
            }

            var address = LibC.mmap(
                null, (nuint)length, LibC.PROT_READ | LibC.PROT_WRITE, LibC.MAP_SHARED, image._descriptor, 0);
            if (address == (void*)-1)
            {
                throw Refused();
            }

            image._writable = (byte*)address;
            LibC.madvise(address, (nuint)length, LibC.MADV_DONTDUMP);
            return image;
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    /// <summary>Ends writing for good, by this process and every other.</summary>
    internal void Seal()
    {
        Unmap();
        if (LibC.fcntl(_descriptor, LibC.F_ADD_SEALS, WriteSeals) != 0)
        {
            throw Refused();
        }
    }

    /// <summary>Call when the library made from it is freed. Where something else still holds the library, the descriptor stays open for good.</summary>
    public void Dispose()
    {
        if (_descriptor < 0)
        {
            return;
        }

        if (_writable != null)
        {
            NativeMemory.Clear(_writable, (nuint)_length);
            Unmap();
        }

        var library = LibC.dlopen(Path, LibC.RTLD_LAZY | LibC.RTLD_NOLOAD);
        if (library == null)
        {
            _ = LibC.close(_descriptor);
        }
        else
        {
            _ = LibC.dlclose(library);
        }

        _descriptor = -1;
    }

    private static int Open()
    {
        fixed (byte* name = "safetensor-code"u8)
        {
            // Kernels before 6.3 do not know MFD_EXEC; later ones may insist on it.
            var fd = LibC.memfd_create(name, LibC.MFD_CLOEXEC | LibC.MFD_ALLOW_SEALING | LibC.MFD_EXEC);
            return fd >= 0 || Marshal.GetLastPInvokeError() != LibC.EINVAL
                ? fd
                : LibC.memfd_create(name, LibC.MFD_CLOEXEC | LibC.MFD_ALLOW_SEALING);
        }
    }

    private void Unmap()
    {
        if (_writable != null)
        {
            LibC.munmap(_writable, (nuint)_length);
            _writable = null;
        }
    }

    private static SafeModelException Refused() => new(
        SafeModelError.ProtectionUnavailable,
        $"The system refused a write-sealed file in memory (memfd_create: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}). "
        + "SafeTensor loads code from nothing else; allow memfd_create in this process's sandbox.");
}
