using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace SafeTensor.Tests;

/// <summary>Writes tars block by block, also such as no program writes.</summary>
internal sealed class RawTar
{
    private const int Block = 512;

    private readonly MemoryStream _bytes = new();

    /// <summary>A member with a header of its own; <paramref name="change"/> may change the header before its checksum is made.</summary>
    internal RawTar Add(string name, string data = "", char kind = '0', Action<byte[]>? change = null) => Add(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(data), kind, change);

    /// <inheritdoc cref="Add(string, string, char, Action{byte[]})"/>
    internal RawTar Add(byte[] name, byte[] data, char kind = '0', Action<byte[]>? change = null)
    {
        Header(name, data.Length, kind, change);
        _bytes.Write(data);
        return Pad();
    }

    /// <summary>A pax header of such records, each <c>key=value</c>.</summary>
    internal RawTar Pax(params IEnumerable<string> records) => Add("PaxHeader", string.Concat(records.Select(Record)), 'x');

    /// <summary>A header that promises so much data; there is none.</summary>
    internal RawTar Header(byte[] name, long size, char kind = '0', Action<byte[]>? change = null)
    {
        var header = new byte[Block];
        name.CopyTo(header, 0);
        Octal(size).CopyTo(header, 124);
        header[156] = (byte)kind;
        "ustar\000"u8.CopyTo(header.AsSpan(257));
        change?.Invoke(header);
        header.AsSpan(148, 8).Fill((byte)' ');
        Encoding.ASCII.GetBytes(Convert.ToString(header.Sum(value => value), 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
        _bytes.Write(header);
        return this;
    }

    internal RawTar Bytes(params ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    /// <summary>With the two empty blocks that end a tar.</summary>
    internal byte[] End() => [.. _bytes.ToArray(), .. new byte[2 * Block]];

    /// <summary>Without them.</summary>
    internal byte[] ToArray() => _bytes.ToArray();

    /// <summary>GNU's way to write a size.</summary>
    internal static void BinarySize(byte[] header, long size)
    {
        header.AsSpan(124, 12).Clear();
        header[124] = 0x80;
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(128), size);
    }

    private RawTar Pad()
    {
        _bytes.Write(new byte[(int)(-_bytes.Length & (Block - 1))]);
        return this;
    }

    private static byte[] Octal(long value) => Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(11, '0') + "\0");

    // The length counts its own digits.
    private static string Record(string record)
    {
        var rest = Encoding.UTF8.GetByteCount(record) + 2;
        var length = rest + rest.ToString(CultureInfo.InvariantCulture).Length;
        length = rest + length.ToString(CultureInfo.InvariantCulture).Length;
        return $"{length} {record}\n";
    }
}
