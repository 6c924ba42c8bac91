using System.Runtime.InteropServices;
using SafeTensor.Runtime;

namespace SafeTensor.Residue;

/// <summary>A key in memory of the program's own, for as long as it needs it.</summary>
internal sealed unsafe class OwnKey : IDisposable
{
    internal const string Place = "own";

    private readonly Places _places;
    private readonly byte* _bytes = (byte*)NativeMemory.Alloc(SafeModel.KeyLength);

    internal OwnKey(string path, Places places)
    {
        _places = places;
        places.Add((nint)_bytes, SafeModel.KeyLength, Place);
        using var file = File.OpenHandle(path);
        RandomAccess.Read(file, new Span<byte>(_bytes, SafeModel.KeyLength), fileOffset: 0);
    }

    internal ReadOnlySpan<byte> Bytes => new(_bytes, SafeModel.KeyLength);

    public void Dispose()
    {
        NativeMemory.Clear(_bytes, SafeModel.KeyLength);
        _places.Remove((nint)_bytes);
        NativeMemory.Free(_bytes);
    }
}
