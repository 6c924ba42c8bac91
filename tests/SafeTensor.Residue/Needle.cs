using System.Security.Cryptography;

namespace SafeTensor.Residue;

/// <summary>32 bytes to look for in memory. They are kept masked, so as not to be found themselves.</summary>
internal sealed class Needle
{
    internal const int Length = 32;

    private readonly byte[] _mask;
    private readonly byte[] _masked;

    private Needle(byte[] mask, byte[] masked) => (_mask, _masked) = (mask, masked);

    /// <summary>One for what it is masked with, which is in the ordinary memory of whoever has it.</summary>
    internal Needle Mask => Of(_mask);

    /// <param name="bytes">32 bytes.</param>
    internal static Needle Of(ReadOnlySpan<byte> bytes)
    {
        var mask = RandomNumberGenerator.GetBytes(Length);
        var masked = new byte[Length];
        for (var i = 0; i < Length; i++)
        {
            masked[i] = (byte)(bytes[i] ^ mask[i]);
        }

        return new Needle(mask, masked);
    }

    internal static void Save(IEnumerable<Needle> needles, string path) =>
        File.WriteAllBytes(path, [.. needles.SelectMany(needle => needle._mask.Concat(needle._masked))]);

    internal static Needle[] Load(string path) =>
        [.. File.ReadAllBytes(path).Chunk(2 * Length).Select(pair => new Needle(pair[..Length], pair[Length..]))];

    /// <summary>Calls for every place in <paramref name="bytes"/> that holds all of it.</summary>
    internal void Find(ReadOnlySpan<byte> bytes, Action<int> found)
    {
        // Its first bytes: too few to be taken for a copy, enough to search with.
        Span<byte> begin = stackalloc byte[sizeof(int)];
        BitConverter.TryWriteBytes(begin, BitConverter.ToInt32(_mask) ^ BitConverter.ToInt32(_masked));
        for (var at = 0; bytes[at..].IndexOf(begin) is >= 0 and var next && at + next + Length <= bytes.Length; at++)
        {
            at += next;
            if (IsAt(bytes[at..]))
            {
                found(at);
            }
        }
    }

    // Compared without ever being put together.
    private bool IsAt(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < Length; i++)
        {
            if ((bytes[i] ^ _mask[i]) != _masked[i])
            {
                return false;
            }
        }

        return true;
    }
}
