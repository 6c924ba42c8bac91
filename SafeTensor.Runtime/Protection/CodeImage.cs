using System.Runtime.InteropServices;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>A model's compiled code in an anonymous file in memory, which nobody can write once it is sealed.</summary>
/// <remarks>
/// The loader opens it as <see cref="Path"/>. Its descriptor must stay open while the library is loaded: the system's loader knows
/// libraries by name, and would hand out the old one for a descriptor number that another file got. So the descriptors of libraries
/// that outlive their image (an abandoned session holds one until its finalizer) are kept, and closed by a later image.
/// </remarks>
internal sealed unsafe class CodeImage : SafeHandle
{
    private const int WriteSeals = LibC.F_SEAL_WRITE | LibC.F_SEAL_SHRINK | LibC.F_SEAL_GROW | LibC.F_SEAL_SEAL;

    private static readonly Lock Gate = new();
    private static readonly List<int> Outlived = [];

    private readonly long _length;
    private byte* _writable;

    private CodeImage(int descriptor, long length)
        : base(invalidHandleValue: -1, ownsHandle: true)
    {
        SetHandle(descriptor);
        _length = length;
    }

    public override bool IsInvalid => handle < 0;

    private int Descriptor => (int)handle;

    /// <summary>What to give to the loader.</summary>
    internal string Path => PathOf(Descriptor);

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
            if (image.Descriptor < 0 || LibC.ftruncate(image.Descriptor, length) != 0)
            {
                throw Refused();
            }

            var address = LibC.mmap(
                null, (nuint)length, LibC.PROT_READ | LibC.PROT_WRITE, LibC.MAP_SHARED, image.Descriptor, 0);
            if (address == (void*)-1)
            {
                throw Refused();
            }

            image._writable = (byte*)address;
            LibC.madvise(address, (nuint)length, LibC.MADV_DONTDUMP);
            ProtectedMemory.Watch?.Invoke((nint)address, length, MemoryEvent.Reserved);
            return image;
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    /// <summary>Tries what loading code does with an image, short of running any.</summary>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.ProtectionUnavailable"/>: the system refuses code from files in memory.</exception>
    internal static void Try()
    {
        using var image = Create(1);
        image.Seal();
        var address = LibC.mmap(null, 1, LibC.PROT_READ | LibC.PROT_EXEC, LibC.MAP_PRIVATE, image.Descriptor, 0);
        if (address == (void*)-1)
        {
            throw Refused();
        }

        LibC.munmap(address, 1);
    }

    /// <summary>Ends writing for good, by this process and every other.</summary>
    internal void Seal()
    {
        Unmap(MemoryEvent.Sealed);
        if (LibC.fcntl(Descriptor, LibC.F_ADD_SEALS, WriteSeals) != 0)
        {
            throw Refused();
        }
    }

    /// <summary>Dispose of it when the library made from it is freed.</summary>
    protected override bool ReleaseHandle()
    {
        if (_writable != null)
        {
            NativeMemory.Clear(_writable, (nuint)_length);
            Unmap(MemoryEvent.Wiped);
        }

        lock (Gate)
        {
            Outlived.Add(Descriptor);
            Outlived.RemoveAll(CloseIfUnused);
        }

        return true;
    }

    private static bool CloseIfUnused(int descriptor)
    {
        var library = LibC.dlopen(PathOf(descriptor), LibC.RTLD_LAZY | LibC.RTLD_NOLOAD);
        if (library == null)
        {
            return LibC.close(descriptor) == 0;
        }

        _ = LibC.dlclose(library);
        return false;
    }

    private static string PathOf(int descriptor) => $"/proc/self/fd/{descriptor}";

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

    private void Unmap(MemoryEvent end)
    {
        if (_writable != null)
        {
            ProtectedMemory.Watch?.Invoke((nint)_writable, _length, end);
            LibC.munmap(_writable, (nuint)_length);
            _writable = null;
        }
    }

    private static SafeModelException Refused() => new(
        SafeModelError.ProtectionUnavailable,
        $"The system refused a write-sealed file in memory (memfd_create: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}). "
        + "SafeTensor loads code from nothing else; allow memfd_create in this process's sandbox, and executable files in memory (vm.memfd_noexec below 2).");
}
