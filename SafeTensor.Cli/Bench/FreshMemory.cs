using System.Runtime.InteropServices;
using SafeTensor.Native;

namespace SafeTensor.Cli.Bench;

/// <summary>Fresh anonymous memory, 2 MiB aligned, with huge pages requested: where weights could go at best, without any protection.</summary>
internal sealed unsafe class FreshMemory : IDisposable
{
    private const long HugePageSize = 2 << 20;

    private readonly byte* _mapping;
    private readonly nuint _mapped;

    /// <exception cref="InsufficientMemoryException">The system has no such room.</exception>
    internal FreshMemory(long length)
    {
        Length = length;
        _mapped = (nuint)(length + (2 * HugePageSize));
        _mapping = (byte*)LibC.mmap(
            null, _mapped, LibC.PROT_READ | LibC.PROT_WRITE, LibC.MAP_PRIVATE | LibC.MAP_ANONYMOUS | LibC.MAP_NORESERVE, -1, 0);
        if (_mapping == (void*)-1)
        {
            throw new InsufficientMemoryException($"The system has no room for {length} bytes ({Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}).");
        }

        Address = (byte*)(((nuint)_mapping + (nuint)HugePageSize - 1) / (nuint)HugePageSize * (nuint)HugePageSize);

        // Up to a whole huge page, so that the last one can be one too.
        _ = LibC.madvise(Address, (nuint)((length + HugePageSize - 1) / HugePageSize * HugePageSize), LibC.MADV_HUGEPAGE);
    }

    internal byte* Address { get; }

    internal long Length { get; }

    public void Dispose() => _ = LibC.munmap(_mapping, _mapped);
}
