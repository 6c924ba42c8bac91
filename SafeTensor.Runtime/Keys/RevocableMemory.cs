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

    // The memory never moves; a pin only has to find it still lent.
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        var span = GetSpan();
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)span.Length, nameof(elementIndex));
        return new MemoryHandle(memory.Address + elementIndex);
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing) => _revoked = true;
}
