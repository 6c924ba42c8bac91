using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SafeTensor.Runtime;

/// <summary>The memory of one input or output of a session: the session's own, or the caller's.</summary>
internal abstract unsafe class SessionBuffer : IDisposable
{
    /// <summary>For the executor.</summary>
    internal abstract void* Address { get; }

    internal abstract Span<byte> Bytes { get; }

    public abstract void Dispose();

    internal static bool IsAligned(void* address) => (nuint)address % ModelSession.Alignment == 0;

    /// <summary>A pinned array, aligned inside: a span of it keeps it alive, so that no span ever reaches freed memory.</summary>
    internal sealed class Owned : SessionBuffer
    {
        private readonly byte[] _array;
        private readonly int _offset;
        private readonly int _length;

        internal Owned(int length)
        {
            _array = GC.AllocateArray<byte>(length + ModelSession.Alignment - 1, pinned: true);
            _offset = (int)(-(nint)Start & (ModelSession.Alignment - 1));
            _length = length;
        }

        internal override void* Address => Start + _offset;

        internal override Span<byte> Bytes => _array.AsSpan(_offset, _length);

        private byte* Start => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_array));

        public override void Dispose() => Array.Clear(_array);
    }

    /// <summary>The caller's memory, pinned until disposed.</summary>
    internal sealed class Bound<T>(Memory<T> memory) : SessionBuffer
        where T : unmanaged
    {
        private MemoryHandle _pin = memory.Pin();

        internal override void* Address => _pin.Pointer;

        internal override Span<byte> Bytes => MemoryMarshal.AsBytes(memory.Span);

        public override void Dispose() => _pin.Dispose();
    }

    /// <summary>Memory that the caller promised to keep.</summary>
    internal sealed class Promised(void* address, int length) : SessionBuffer
    {
        internal override void* Address => address;

        internal override Span<byte> Bytes => new(address, length);

        public override void Dispose()
        {
        }
    }
}
