using System.Runtime.InteropServices;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>A model's compiled code in an anonymous file in memory, which nobody can write once it is filled.</summary>
/// <remarks>
/// The loader opens it as <see cref="Path"/>. Its descriptor must stay open while the library is loaded: the system's loader knows
/// libraries by name, and would hand out the old one for a descriptor number that another file got. So the descriptors of libraries
/// that outlive their image (an abandoned session holds one until its finalizer) are kept, and closed by a later image.
/// Until it is filled, and for reading until <see cref="ReleaseContent"/>, other processes of the same user can open it through <c>/proc</c>.
/// </remarks>
internal sealed unsafe class CodeImage : SafeHandle
{
    private const long PlaceholderLength = 4096;
    private const int WriteSeals = LibC.F_SEAL_WRITE | LibC.F_SEAL_SHRINK | LibC.F_SEAL_GROW | LibC.F_SEAL_SEAL;

    private static readonly Lock Gate = new();
    private static readonly List<int> Outlived = [];

    private CodeImage(int descriptor)
        : base(invalidHandleValue: -1, ownsHandle: true) => SetHandle(descriptor);

    public override bool IsInvalid => handle < 0;

    private int Descriptor => (int)handle;

    /// <summary>What to give to the loader.</summary>
    internal string Path => PathOf(Descriptor);

    /// <exception cref="SafeModelException"><see cref="SafeModelError.ProtectionUnavailable"/>: the system refuses files in memory.</exception>
    internal static CodeImage Create()
    {
        SupportedSystem.Require();
        var image = new CodeImage(Open("safetensor-code\0"u8));
        return !image.IsInvalid ? image : throw Refused();
    }

    /// <summary>Copies code that was checked, ends writing by this process and every other, and compares: what was written in between by somebody else does not stay.</summary>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.ProtectionUnavailable"/>: the system refused it, or somebody else wrote there.</exception>
    internal void Fill(ProtectedMemory code)
    {
        if (LibC.ftruncate(Descriptor, code.Length) != 0)
        {
            throw Refused();
        }

        var written = Map(code.Length, LibC.PROT_READ | LibC.PROT_WRITE);
        Buffer.MemoryCopy(code.Address, written, code.Length, code.Length);
        LibC.munmap(written, (nuint)code.Length);
        Seal(Descriptor);
        var read = Map(code.Length, LibC.PROT_READ);
        var isSame = IsSame(code.Address, read, code.Length);
        LibC.munmap(read, (nuint)code.Length);
        if (!isSame)
        {
            throw new SafeModelException(
                SafeModelError.ProtectionUnavailable, "Another process wrote into this process's code while it was loaded. Find out which one, and run this program as a user of its own.");
        }
    }

    /// <summary>Tries what loading code does with an image, short of running any.</summary>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.ProtectionUnavailable"/>: the system refuses code from files in memory.</exception>
    internal static void Try()
    {
        using var code = ProtectedMemory.Reserve(1);
        using var image = Create();
        image.Fill(code);
        var address = LibC.mmap(null, 1, LibC.PROT_READ | LibC.PROT_EXEC, LibC.MAP_PRIVATE, image.Descriptor, 0);
        if (address == (void*)-1)
        {
            throw Refused();
        }

        LibC.munmap(address, 1);
    }

    /// <summary>Once the library is loaded: leaves a file of zeros under the number that must stay taken, so that nobody reads the code there.</summary>
    /// <remarks>A page of them, since programs that collect backtraces map the file of each library and look at its first bytes: of an empty one that would kill the process.</remarks>
    internal void ReleaseContent()
    {
        var placeholder = Open("safetensor-code-loaded\0"u8);
        if (placeholder < 0)
        {
            throw Refused();
        }

        try
        {
            if (LibC.ftruncate(placeholder, PlaceholderLength) != 0)
            {
                throw Refused();
            }

            Seal(placeholder);
            if (LibC.dup3(placeholder, Descriptor, LibC.O_CLOEXEC) < 0)
            {
                throw Refused();
            }
        }
        finally
        {
            LibC.close(placeholder);
        }
    }

    /// <summary>Dispose of it when the library made from it is freed.</summary>
    protected override bool ReleaseHandle()
    {
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

    private static int Open(ReadOnlySpan<byte> name)
    {
        fixed (byte* text = name)
        {
            // Kernels before 6.3 do not know MFD_EXEC; later ones may insist on it.
            var fd = LibC.memfd_create(text, LibC.MFD_CLOEXEC | LibC.MFD_ALLOW_SEALING | LibC.MFD_EXEC);
            return fd >= 0 || Marshal.GetLastPInvokeError() != LibC.EINVAL
                ? fd
                : LibC.memfd_create(text, LibC.MFD_CLOEXEC | LibC.MFD_ALLOW_SEALING);
        }
    }

    private static void Seal(int descriptor)
    {
        if (LibC.fcntl(descriptor, LibC.F_ADD_SEALS, WriteSeals) != 0)
        {
            throw Refused();
        }
    }

    // Left out of core files: it holds what the manifest counts as encrypted.
    private void* Map(long length, int protection)
    {
        var address = LibC.mmap(null, (nuint)length, protection, LibC.MAP_SHARED, Descriptor, 0);
        if (address == (void*)-1)
        {
            throw Refused();
        }

        LibC.madvise(address, (nuint)length, LibC.MADV_DONTDUMP);
        return address;
    }

    // A span has at most 2 GiB, and code may have more.
    private static bool IsSame(byte* a, void* b, long length)
    {
        for (long at = 0; at < length; at += int.MaxValue)
        {
            var count = (int)Math.Min(int.MaxValue, length - at);
            if (!new ReadOnlySpan<byte>(a + at, count).SequenceEqual(new ReadOnlySpan<byte>((byte*)b + at, count)))
            {
                return false;
            }
        }

        return true;
    }

    private static SafeModelException Refused() => new(
        SafeModelError.ProtectionUnavailable,
        $"The system refused a write-sealed file in memory (memfd_create: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}). "
        + "SafeTensor loads code from nothing else; allow memfd_create in this process's sandbox, and executable files in memory (vm.memfd_noexec below 2).");
}
