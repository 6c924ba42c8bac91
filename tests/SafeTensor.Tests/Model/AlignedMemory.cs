using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Memory at an address that a session can bind.</summary>
internal sealed unsafe class AlignedMemory<T>(int length) : MemoryManager<T>
    where T : unmanaged
{
    private readonly T* _data = (T*)NativeMemory.AlignedAlloc((nuint)(length * Unsafe.SizeOf<T>()), ModelSession.Alignment);

    public override Span<T> GetSpan() => new(_data, length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_data + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing) => NativeMemory.AlignedFree(_data);
}
