using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using SafeTensor.Native;

namespace SafeTensor.Residue;

/// <summary>Searches all memory of this process, however it is mapped.</summary>
/// <remarks>Source: proc(5). <c>/proc/self/mem</c> gives also what the process itself may not read.</remarks>
internal sealed unsafe class ProcessScan : IDisposable
{
    private const int ChunkLength = 256 << 10, PageSize = 4096;

    // Outside the managed heap, so that its place is known and what passes through it is not counted.
    private readonly byte* _chunk = (byte*)NativeMemory.AlignedAlloc(ChunkLength, PageSize);
    private readonly SafeFileHandle _memory = File.OpenHandle("/proc/self/mem");
    private readonly Needle[] _needles;
    private readonly Places _places;
    private readonly List<Sighting> _sightings = [];
    private readonly List<long> _unread = [];
    private long _secretBytes;

    private ProcessScan(Needle[] needles, Places places)
    {
        _needles = needles;
        _places = places;
    }

    internal static Scan Run(Needle[] needles, Places places)
    {
        using var scan = new ProcessScan(needles, places);
        lock (places.Gate)
        {
            foreach (var mapping in Mapping.OfThisProcess())
            {
                scan.Search(mapping);
            }

            return new Scan(scan._sightings, scan._secretBytes, scan.Unreadable());
        }
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(new Span<byte>(_chunk, ChunkLength));
        NativeMemory.AlignedFree(_chunk);
        _memory.Dispose();
    }

    private void Search(Mapping mapping)
    {
        if (mapping.IsSecret)
        {
            SearchSecret(mapping, (void*)mapping.Begin, checked((int)(mapping.End - mapping.Begin)));
        }
        else if (mapping.IsReadable || mapping.HasPages)
        {
            var (ownBegin, ownEnd) = ((long)_chunk, (long)_chunk + ChunkLength);
            Search(mapping, mapping.Begin, Math.Min(mapping.End, Math.Max(mapping.Begin, ownBegin)));
            Search(mapping, Math.Max(mapping.Begin, ownEnd), mapping.End);
        }
    }

    private void SearchSecret(Mapping mapping, void* begin, int length)
    {
        _secretBytes += length;
        if (!mapping.IsReadable)
        {
            // As a suspended model's weights are, which nobody resumes now.
            _ = LibC.mprotect(begin, (nuint)length, LibC.PROT_READ);
        }

        Find(mapping, (long)begin, new ReadOnlySpan<byte>(begin, length));
        if (!mapping.IsReadable)
        {
            _ = LibC.mprotect(begin, (nuint)length, LibC.PROT_NONE);
        }
    }

    private void Search(Mapping mapping, long begin, long end)
    {
        for (var at = begin; at + Needle.Length <= end;)
        {
            var chunk = new Span<byte>(_chunk, (int)Math.Min(ChunkLength, end - at));
            var count = Read(at, chunk);
            Find(mapping, at, chunk[..count]);
            if (count == 0)
            {
                _unread.Add(at);
                at = (at / PageSize * PageSize) + PageSize;
            }
            else if (at + count == end)
            {
                return;
            }
            else
            {
                // Chunks overlap, so that no needle is cut in two; none fits twice into the overlap.
                at += Math.Max(1, count - Needle.Length + 1);
            }
        }
    }

    private void Find(Mapping mapping, long address, ReadOnlySpan<byte> bytes)
    {
        for (var needle = 0; needle < _needles.Length; needle++)
        {
            _needles[needle].Find(bytes, at => _sightings.Add(_places.Locate(needle, address + at, mapping)));
        }
    }

    private int Read(long address, Span<byte> destination)
    {
        try
        {
            return RandomAccess.Read(_memory, destination, address);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    // What was unmapped meanwhile holds nothing any more.
    private List<string> Unreadable()
    {
        var mappings = _unread.Count > 0 ? Mapping.OfThisProcess() : [];
        return [.. mappings.Where(mapping => _unread.Exists(address => IsUnreadable(mapping, address))).Select(mapping => mapping.ToString())];
    }

    private bool IsUnreadable(Mapping mapping, long address) =>
        address >= mapping.Begin && address < mapping.End && Read(address, new Span<byte>(_chunk, Needle.Length)) == 0;
}
