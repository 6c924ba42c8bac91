using System.Runtime.InteropServices;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>
/// Zeroed memory for weights or keys, outside the managed heap: guard pages on both ends, huge pages requested from 2 MiB on,
/// locked as far as the system allows, left out of core files and forked children, overwritten before it is given back.
/// </summary>
/// <remarks>
/// Whoever hands <see cref="Address"/> to native code keeps this object referenced (<see cref="SafeHandle.DangerousAddRef"/>) for as
/// long. What the system refused is recorded, not thrown: see <see cref="ProtectionReport"/>.
/// </remarks>
internal sealed unsafe class ProtectedMemory : SafeHandle
{
    /// <summary>From this length on, huge pages are requested.</summary>
    internal const long HugePageSize = 2 << 20;

    private const long PageSize = 4096;
    private static readonly void* Failed = (void*)-1;
    private static long _reservedBytes;

    private readonly long _mapped;

    private ProtectedMemory(byte* address, long length, long mapped)
        : base(invalidHandleValue: 0, ownsHandle: true)
    {
        SetHandle((nint)address);
        Length = length;
        _mapped = mapped;
        Interlocked.Add(ref _reservedBytes, mapped);
    }

    /// <summary>Of all such memory in this process: what must be lockable for all of it to be locked.</summary>
    internal static long ReservedBytes => Interlocked.Read(ref _reservedBytes);

    /// <summary>For tests: called with address and length of all memory that holds secrets, as it comes and goes. Any thread.</summary>
    internal static Action<nint, long, MemoryEvent>? Watch { get; set; }

    public override bool IsInvalid => handle == 0;

    /// <summary>The first byte, 2 MiB aligned from 2 MiB on, else page aligned.</summary>
    internal byte* Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return (byte*)handle;
        }
    }

    /// <summary>The bytes that were asked for; the mapping is rounded up to pages.</summary>
    internal long Length { get; }

    /// <summary>Whether no page of it can reach swap.</summary>
    internal bool IsLocked { get; private set; }

    /// <summary>Whether the kernel leaves it out of core files. .NET's own dump writer does not ask the kernel.</summary>
    internal bool IsExcludedFromCoreFiles { get; private set; }

    /// <summary>Whether forked children get none of it.</summary>
    internal bool IsExcludedFromForks { get; private set; }

    internal bool IsSecret { get; private set; }

    internal bool IsReadOnly { get; private set; }

    /// <summary>The bytes for which the kernel was asked for huge pages and did not refuse.</summary>
    internal long HugePageBytes { get; private set; }

    /// <summary>All of it, for memory below 2 GiB.</summary>
    internal Span<byte> Span => new(Address, checked((int)Length));

    /// <param name="length">Bytes, one at least.</param>
    /// <param name="kind">Anonymous or secret pages.</param>
    /// <exception cref="InsufficientMemoryException">The system has no such room.</exception>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.ProtectionUnavailable"/>: secret pages were required and refused.</exception>
    internal static ProtectedMemory Reserve(long length, MemoryKind kind = MemoryKind.Anonymous)
    {
        SupportedSystem.Require();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        if (length > long.MaxValue / 4)
        {
            throw new InsufficientMemoryException($"{length} bytes cannot be reserved.");
        }

        var alignment = length >= HugePageSize && kind != MemoryKind.Secret ? HugePageSize : PageSize;
        var mapped = (length + alignment - 1) / alignment * alignment;
        var memory = Map(length, mapped, alignment);
        try
        {
            memory.Back(kind);
            Watch?.Invoke(memory.handle, mapped, MemoryEvent.Reserved);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Overwrites everything with zeros and gives its pages back. The address stays, and every access there is a fault until <see cref="Restore"/>.</summary>
    internal void Empty()
    {
        Wipe();
        if (!IsSecret)
        {
            // Locked pages are not given back.
            LibC.munlock((byte*)handle, (nuint)_mapped);
            IsLocked = false;
            LibC.madvise((byte*)handle, (nuint)_mapped, LibC.MADV_DONTNEED);
        }

        LibC.mprotect((byte*)handle, (nuint)_mapped, LibC.PROT_NONE);
    }

    /// <summary>After <see cref="Empty"/>: zeroed, writable memory again, at the same address and as well protected as the system allows now.</summary>
    /// <exception cref="InsufficientMemoryException">The system has no such room any more.</exception>
    internal void Restore()
    {
        if (LibC.mprotect((byte*)handle, (nuint)_mapped, LibC.PROT_READ | LibC.PROT_WRITE) != 0)
        {
            throw OutOfMemory(Length);
        }

        IsLocked = IsSecret || Lock();
    }

    /// <summary>Makes every further write a fault, by whoever it is.</summary>
    internal void MakeReadOnly() => IsReadOnly = LibC.mprotect(Address, (nuint)_mapped, LibC.PROT_READ) == 0;

    /// <summary>Overwrites every page that is in memory with zeros; it stays usable and writable.</summary>
    internal void Wipe()
    {
        Zero((byte*)handle);
        IsReadOnly = false;
    }

    protected override bool ReleaseHandle()
    {
        if (Zero((byte*)handle))
        {
            Watch?.Invoke(handle, _mapped, MemoryEvent.Wiped);
        }

        Interlocked.Add(ref _reservedBytes, -_mapped);
        return LibC.munmap((byte*)handle - PageSize, (nuint)(_mapped + (2 * PageSize))) == 0;
    }

    // Address space first, with room to align in; then everything but the aligned block and its two guard pages is given back.
    private static ProtectedMemory Map(long length, long mapped, long alignment)
    {
        var reserved = mapped + alignment + (2 * PageSize);
        var start = (byte*)LibC.mmap(null, (nuint)reserved, LibC.PROT_NONE, LibC.MAP_PRIVATE | LibC.MAP_ANONYMOUS | LibC.MAP_NORESERVE, -1, 0);
        if (start == Failed)
        {
            throw OutOfMemory(length);
        }

        var address = (byte*)(((nuint)start + (nuint)PageSize + (nuint)alignment - 1) / (nuint)alignment * (nuint)alignment);
        var end = address + mapped + PageSize;
        if (address - PageSize > start)
        {
            LibC.munmap(start, (nuint)(address - PageSize - start));
        }

        if (start + reserved > end)
        {
            LibC.munmap(end, (nuint)(start + reserved - end));
        }

        return new ProtectedMemory(address, length, mapped);
    }

    private void Back(MemoryKind kind)
    {
        if (kind != MemoryKind.Anonymous && TryBackWithSecretPages())
        {
            return;
        }

        if (kind == MemoryKind.Secret)
        {
            throw new SafeModelException(
                SafeModelError.ProtectionUnavailable,
                $"The kernel refused {_mapped} bytes of memfd_secret memory ({Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}). "
                + "It needs Linux 5.14 or later with secretmem.enable, and RLIMIT_MEMLOCK of that size.");
        }

        var address = (byte*)handle;
        var length = (nuint)_mapped;
        if (LibC.mprotect(address, length, LibC.PROT_READ | LibC.PROT_WRITE) != 0)
        {
            throw OutOfMemory(Length);
        }

        // One advice a call: madvise takes a number, not flags.
        HugePageBytes = _mapped >= HugePageSize && LibC.madvise(address, length, LibC.MADV_HUGEPAGE) == 0 ? _mapped : 0;
        IsExcludedFromCoreFiles = LibC.madvise(address, length, LibC.MADV_DONTDUMP) == 0;
        IsExcludedFromForks = LibC.madvise(address, length, LibC.MADV_DONTFORK) == 0;
        IsLocked = Lock();
    }

    // On fault, so that the pages are first touched by all the threads that fill them and not one by one in here.
    private bool Lock() => LibC.mlock2((byte*)handle, (nuint)_mapped, LibC.MLOCK_ONFAULT) == 0;

    private bool TryBackWithSecretPages()
    {
        var fd = (int)LibC.syscall(LibC.SYS_memfd_secret, LibC.O_CLOEXEC);
        if (fd < 0)
        {
            return false;
        }

        // Mapped elsewhere first: where the kernel refuses (RLIMIT_MEMLOCK is used up), MAP_FIXED would already have torn a hole into the reserved pages.
        var pages = LibC.ftruncate(fd, _mapped) == 0
            ? LibC.mmap(null, (nuint)_mapped, LibC.PROT_READ | LibC.PROT_WRITE, LibC.MAP_SHARED, fd, 0)
            : Failed;
        var mapped = pages != Failed
            && LibC.mremap(pages, (nuint)_mapped, (nuint)_mapped, LibC.MREMAP_MAYMOVE | LibC.MREMAP_FIXED, (void*)handle) != Failed;
        var error = Marshal.GetLastPInvokeError();
        if (pages != Failed && !mapped)
        {
            LibC.munmap(pages, (nuint)_mapped);
        }

        LibC.close(fd);
        Marshal.SetLastPInvokeError(error);
        if (mapped)
        {
            // A child must not share it: a write there would change this process's weights or keys.
            IsExcludedFromForks = LibC.madvise((byte*)handle, (nuint)_mapped, LibC.MADV_DONTFORK) == 0;
            IsSecret = IsLocked = IsExcludedFromCoreFiles = true;
        }

        return mapped;
    }

    // Fails only for memory that was never made accessible, which then holds nothing.
    private bool Zero(byte* address)
    {
        if (LibC.mprotect(address, (nuint)_mapped, LibC.PROT_READ | LibC.PROT_WRITE) != 0)
        {
            return false;
        }

        // Only what is there: to zero pages that were never touched would first fetch them.
        const int pages = 512;
        var resident = stackalloc byte[pages];
        for (long at = 0; at < _mapped; at += pages * PageSize)
        {
            var length = Math.Min(pages * PageSize, _mapped - at);
            var isKnown = LibC.mincore(address + at, (nuint)length, resident) == 0;
            for (long page = 0; page < length / PageSize; page++)
            {
                if (!isKnown || (resident[page] & 1) != 0)
                {
                    NativeMemory.Clear(address + at + (page * PageSize), (nuint)PageSize);
                }
            }
        }

        return true;
    }

    private static InsufficientMemoryException OutOfMemory(long length) =>
        new($"The system has no room for {length} bytes ({Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}).");
}
