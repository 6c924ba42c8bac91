using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SafeTensor.Runtime;

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

    /// <summary>Takes markers from the largest tensors of a plain parameters file.</summary>
    internal static WeightMarkers OfTensors(PackageFile file) =>
        Of(file, ParamsReader.Read(file).OrderByDescending(tensor => tensor.Info.ByteLength).Take(Wanted).Select(tensor => (tensor.Offset, tensor.Info.ByteLength)));

    /// <summary>Takes a marker from each of some places in a file of weights, as far as there is one.</summary>
    internal static unsafe WeightMarkers Of(PackageFile file, IEnumerable<(long Offset, long Length)> places)
    {
        // Outside the managed heap: what is read here is what is looked for.
        const int most = 64 << 10;
        var memory = NativeMemory.Alloc(most);
        try
        {
            var markers = new WeightMarkers();
            foreach (var (offset, length) in places)
            {
                var bytes = new Span<byte>(memory, (int)Math.Min(most, length));
                file.Read(offset, bytes);
                markers.Add(bytes);
            }

            return markers;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(new Span<byte>(memory, most));
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

    // The first piece that is no structure; none where all is.
    private void Add(ReadOnlySpan<byte> weights)
    {
        for (; weights.Length >= Length; weights = weights[Length..])
        {
            if (Distinct(weights[..Length]) >= MinDistinctBytes)
            {
                var mask = RandomNumberGenerator.GetBytes(Length);
                var masked = new byte[Length];
                for (var i = 0; i < Length; i++)
                {
                    masked[i] = (byte)(weights[i] ^ mask[i]);
                }

                _markers.Add((mask, masked));
                return;
            }
        }
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
