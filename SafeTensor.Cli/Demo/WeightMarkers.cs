using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace SafeTensor.Cli.Demo;

/// <summary>Short pieces of a model's weights, to look for in memory. They are kept masked, so as not to be found themselves.</summary>
internal sealed class WeightMarkers
{
    /// <summary>Of one marker, in bytes.</summary>
    internal const int Length = 32;

    private const int Wanted = 8;

    // Structure, such as the file's headers and runs of zeros, is found anywhere; trained weights only where they were put.
    private const int MinDistinctBytes = 20;

    private readonly List<(byte[] Mask, byte[] Masked)> _markers = [];

    internal int Count => _markers.Count;

    /// <summary>Takes markers from all over a plain parameters file.</summary>
    internal static unsafe WeightMarkers Of(string path)
    {
        using var file = File.OpenHandle(path);
        var length = checked((int)RandomAccess.GetLength(file));
        var memory = NativeMemory.Alloc((nuint)length);
        try
        {
            var bytes = new Span<byte>(memory, length);
            RandomAccess.Read(file, bytes, fileOffset: 0);
            return Of(bytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(new Span<byte>(memory, length));
            NativeMemory.Free(memory);
        }
    }

    /// <summary>The first bytes of a marker: too short to be taken for a copy, long enough to search with.</summary>
    internal int Prefix(int marker) =>
        BitConverter.ToInt32(_markers[marker].Mask) ^ BitConverter.ToInt32(_markers[marker].Masked);

    /// <summary>Compares without ever building the marker.</summary>
    internal bool IsAt(int marker, ReadOnlySpan<byte> bytes)
    {
        var (mask, masked) = _markers[marker];
        for (var i = 0; i < Length; i++)
        {
            if ((bytes[i] ^ mask[i]) != masked[i])
            {
                return false;
            }
        }

        return true;
    }

    private static WeightMarkers Of(ReadOnlySpan<byte> weights)
    {
        var markers = new WeightMarkers();
        for (var i = 0; i < Wanted; i++)
        {
            var at = (int)((i + 1L) * weights.Length / (Wanted + 1));
            while (at + Length <= weights.Length && Distinct(weights.Slice(at, Length)) < MinDistinctBytes)
            {
                at += Length;
            }

            if (at + Length <= weights.Length)
            {
                var mask = RandomNumberGenerator.GetBytes(Length);
                var masked = new byte[Length];
                for (var j = 0; j < Length; j++)
                {
                    masked[j] = (byte)(weights[at + j] ^ mask[j]);
                }

                markers._markers.Add((mask, masked));
            }
        }

        return markers;
    }

    private static int Distinct(ReadOnlySpan<byte> bytes)
    {
        UInt128 low = 0, high = 0;
        foreach (var b in bytes)
        {
            if (b < 128)
            {
                low |= UInt128.One << b;
            }
            else
            {
                high |= UInt128.One << (b - 128);
            }
        }

        return (int)(UInt128.PopCount(low) + UInt128.PopCount(high));
    }
}
