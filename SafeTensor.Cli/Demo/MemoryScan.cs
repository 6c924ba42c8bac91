using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace SafeTensor.Cli.Demo;

/// <summary>Looks through all memory that this process can read, as a debugger would.</summary>
/// <remarks>Source: proc(5), <c>/proc/self/maps</c> and <c>/proc/self/mem</c>.</remarks>
internal sealed unsafe class MemoryScan : IDisposable
{
    private const int ChunkLength = 256 << 10;

    // Outside the managed heap, so that its place is known and what passes through it is not counted.
    private readonly byte* _chunk = (byte*)NativeMemory.AlignedAlloc(ChunkLength, 4096);
    private readonly SafeFileHandle _memory = File.OpenHandle("/proc/self/mem");
    private readonly WeightMarkers _markers;
    private readonly int[] _found;

    private MemoryScan(WeightMarkers markers) => (_markers, _found) = (markers, new int[markers.Count]);

    /// <summary>How often the most frequent marker was found.</summary>
    internal int Copies => _found.DefaultIfEmpty().Max();

    /// <summary>Bytes that were read.</summary>
    internal long BytesRead { get; private set; }

    /// <summary>Counts the copies of what <paramref name="markers"/> were taken from.</summary>
    internal static MemoryScan Run(WeightMarkers markers)
    {
        using var scan = new MemoryScan(markers);
        foreach (var line in File.ReadAllLines("/proc/self/maps"))
        {
            // 7f0123456000-7f0123458000 rw-p 00000000 00:00 0 [stack]
            var separators = (Dash: line.IndexOf('-', StringComparison.Ordinal), Space: line.IndexOf(' ', StringComparison.Ordinal));
            var begin = ulong.Parse(line.AsSpan(0, separators.Dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var end = ulong.Parse(line.AsSpan(separators.Dash + 1, separators.Space - separators.Dash - 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (line[separators.Space + 1] == 'r' && end <= long.MaxValue)
            {
                scan.SearchAllButOwn((long)begin, (long)end);
            }
        }

        return scan;
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(new Span<byte>(_chunk, ChunkLength));
        NativeMemory.AlignedFree(_chunk);
        _memory.Dispose();
    }

    private void SearchAllButOwn(long begin, long end)
    {
        var (ownBegin, ownEnd) = ((long)_chunk, (long)_chunk + ChunkLength);
        Search(begin, Math.Min(end, Math.Max(begin, ownBegin)));
        Search(Math.Max(begin, ownEnd), end);
    }

    private void Search(long begin, long end)
    {
        // Chunks overlap, so that no marker is cut in two; none fits twice into the overlap.
        for (var at = begin; at + WeightMarkers.Length <= end; at += ChunkLength - WeightMarkers.Length + 1)
        {
            var chunk = new Span<byte>(_chunk, (int)Math.Min(ChunkLength, end - at));
            if (TryRead(at, chunk))
            {
                BytesRead += chunk.Length;
                SearchChunk(chunk);
            }
        }
    }

    private void SearchChunk(ReadOnlySpan<byte> chunk)
    {
        Span<byte> prefix = stackalloc byte[sizeof(int)];
        for (var marker = 0; marker < _markers.Count; marker++)
        {
            BitConverter.TryWriteBytes(prefix, _markers.Prefix(marker));
            var at = 0;
            while (chunk[at..].IndexOf(prefix) is >= 0 and var next && at + next + WeightMarkers.Length <= chunk.Length)
            {
                at += next;
                _found[marker] += _markers.IsAt(marker, chunk[at..]) ? 1 : 0;
                at++;
            }
        }
    }

    private bool TryRead(long address, Span<byte> destination)
    {
        try
        {
            return RandomAccess.Read(_memory, destination, address) == destination.Length;
        }
        catch (IOException)
        {
            // Pages of devices and secret memory, and what was unmapped meanwhile: nobody reads these.
            return false;
        }
    }
}
