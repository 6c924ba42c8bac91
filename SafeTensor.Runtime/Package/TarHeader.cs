using System.Buffers.Binary;

namespace SafeTensor.Runtime;

/// <summary>One header block of a tar, 512 bytes: POSIX's ustar, or GNU's.</summary>
internal readonly ref struct TarHeader(ReadOnlySpan<byte> block)
{
    internal const int Length = 512;

    private const int NameLength = 100, SizeAt = 124, SizeLength = 12, ChecksumAt = 148, ChecksumLength = 8, KindAt = 156, MagicAt = 257, PrefixAt = 345, PrefixLength = 155;

    private readonly ReadOnlySpan<byte> _block = block;

    /// <summary>'0' for a file, and so on.</summary>
    internal char Kind => _block[KindAt] == 0 ? '0' : (char)_block[KindAt];

    internal bool IsTar => IsPosix || _block[MagicAt..].StartsWith("ustar  \0"u8);

    private bool IsPosix => _block[MagicAt..].StartsWith("ustar\000"u8);

    internal bool IsWhole
    {
        get
        {
            var sum = ChecksumLength * ' ';
            for (var i = 0; i < Length; i++)
            {
                sum += i is >= ChecksumAt and < ChecksumAt + ChecksumLength ? 0 : _block[i];
            }

            return Octal(_block.Slice(ChecksumAt, ChecksumLength)) == sum;
        }
    }

    /// <summary>Of the data that follows, in bytes; −1 where it is no such number.</summary>
    internal long Size
    {
        get
        {
            var number = _block.Slice(SizeAt, SizeLength);

            // Above 8 GiB: a big-endian number behind a byte 0x80.
            return number[0] < 0x80 ? Octal(number)
                : number[0] == 0x80 && !number[1..4].ContainsAnyExcept((byte)0) ? Math.Max(-1, BinaryPrimitives.ReadInt64BigEndian(number[4..]))
                : -1;
        }
    }

    /// <returns>False where something stands behind the null that ends the name.</returns>
    internal bool TryCopyName(Span<byte> destination, out int length)
    {
        length = 0;
        var name = Text(_block[..NameLength]);
        var prefix = IsPosix ? Text(_block.Slice(PrefixAt, PrefixLength)) : 0;
        if (name < 0 || prefix < 0)
        {
            return false;
        }

        if (prefix > 0)
        {
            _block.Slice(PrefixAt, prefix).CopyTo(destination);
            destination[prefix] = (byte)'/';
            length = prefix + 1;
        }

        _block[..name].CopyTo(destination[length..]);
        length += name;
        return true;
    }

    private static int Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return end < 0 ? field.Length
            : field[end..].ContainsAnyExcept((byte)0) ? -1
            : end;
    }

    // Padded with spaces or nulls on either side; nothing at all is a zero.
    private static long Octal(ReadOnlySpan<byte> field)
    {
        long value = 0;
        foreach (var digit in field.Trim(" \0"u8))
        {
            if (digit is < (byte)'0' or > (byte)'7')
            {
                return -1;
            }

            value = (8 * value) + (digit - '0');
        }

        return value;
    }
}
