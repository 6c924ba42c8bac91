using System.Buffers;

namespace SafeTensor.Runtime;

/// <summary>Protected memory lent to code that is not ours. After <c>Dispose</c> every use of it throws.</summary>
internal sealed unsafe class RevocableMemory(ProtectedMemory memory) : MemoryManager<byte>
{
    private volatile bool _revoked;

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_revoked, typeof(Memory<byte>));
        return memory.Span;
    }

    // The memory never moves, but a pin must keep it mapped: whoever still writes there after it was revoked must not meet other memory.
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        var span = GetSpan();
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)span.Length, nameof(elementIndex));
        var held = false;
        memory.DangerousAddRef(ref held);
        return new MemoryHandle((byte*)memory.DangerousGetHandle() + elementIndex, pinnable: this);
    }

    public override void Unpin() => memory.DangerousRelease();

    protected override void Dispose(bool disposing) => _revoked = true;
}
