using System.Runtime.InteropServices;
using SafeTensor.Native;
using SafeTensor.Runtime;

namespace SafeTensor.Residue;

/// <summary>Copies of a key in every kind of memory: what a search must find, or it would find no leak there.</summary>
internal sealed unsafe class Plants
{
    /// <summary>How many copies there are in protected memory, and how many elsewhere.</summary>
    internal const int Protected = 2, Elsewhere = 4;

    private const nuint PageSize = 4096;

    private readonly byte[] _array = GC.AllocateArray<byte>(SafeModel.KeyLength, pinned: true);
    private readonly void* _heap = NativeMemory.Alloc(SafeModel.KeyLength);
    private readonly void* _page = NativeMemory.AlignedAlloc(PageSize, PageSize);
    private readonly List<ProtectedMemory> _protected = [ProtectedMemory.Reserve(SafeModel.KeyLength), ProtectedMemory.Reserve(SafeModel.KeyLength, MemoryKind.SecretIfAvailable)];

    internal Plants(string path)
    {
        using var key = File.OpenHandle(path);
        RandomAccess.Read(key, _array, fileOffset: 0);
        _array.CopyTo(new Span<byte>(_heap, _array.Length));
        _array.CopyTo(new Span<byte>(_page, _array.Length));
        _protected.ForEach(memory => _array.CopyTo(memory.Span));
        _ = LibC.mprotect(_page, PageSize, LibC.PROT_NONE);
        var isReady = new ManualResetEventSlim();
        new Thread(() => HoldOnStack(isReady)) { IsBackground = true }.Start();
        isReady.Wait();
    }

    private void HoldOnStack(ManualResetEventSlim isReady)
    {
        Span<byte> copy = stackalloc byte[SafeModel.KeyLength];
        _array.CopyTo(copy);
        isReady.Set();
        Thread.Sleep(Timeout.Infinite);
        _array[0] = copy[0];
    }
}
