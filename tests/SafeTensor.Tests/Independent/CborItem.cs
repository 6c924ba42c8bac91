using System.Buffers.Binary;
using System.Text;

namespace SafeTensor.Tests.Independent;

/// <summary>
/// One data item of CBOR (RFC 8949): its major type, its number (a value, a length or a count), the bytes of a string, or of a simple or floating value
/// that follow its first one, and the items of an array or of a map, whose keys and values alternate.
/// </summary>
internal sealed record CborItem(int Major, ulong Number, byte[] Bytes, CborItem[] Items)
{
    internal const int UnsignedType = 0, NegativeType = 1, BytesType = 2, TextType = 3, ArrayType = 4, MapType = 5, TagType = 6, SimpleType = 7;

    internal static CborItem Unsigned(ulong value) => new(UnsignedType, value, [], []);

    /// <summary>The number −1 − <paramref name="value"/>.</summary>
    internal static CborItem Negative(ulong value) => new(NegativeType, value, [], []);

    internal static CborItem String(byte[] bytes) => new(BytesType, (ulong)bytes.Length, bytes, []);

    internal static CborItem Text(string text) => String(Encoding.UTF8.GetBytes(text)) with { Major = TextType };

    internal static CborItem Array(params CborItem[] items) => new(ArrayType, (ulong)items.Length, [], items);

    /// <summary>Keys and values alternate, in the order in which they are to be written.</summary>
    internal static CborItem Map(params CborItem[] items) => new(MapType, (ulong)items.Length / 2, [], items);

    internal byte[] Encode()
    {
        var output = new MemoryStream();
        WriteTo(output);
        return output.ToArray();
    }

    private void WriteTo(MemoryStream output)
    {
        // A simple or floating value keeps the size in which it came.
        output.Write(Major == SimpleType ? [(byte)((Major << 5) | (int)Number), .. Bytes] : Head(Major, Number));
        if (Major is BytesType or TextType)
        {
            output.Write(Bytes);
        }

        foreach (var item in Items)
        {
            item.WriteTo(output);
        }
    }

    /// <summary>The shortest form of a type and its number.</summary>
    internal static byte[] Head(int major, ulong number)
    {
        var type = major << 5;
        switch (number)
        {
            case < 24:
                return [(byte)(type | (int)number)];
            case <= byte.MaxValue:
                return [(byte)(type | 24), (byte)number];
            case <= ushort.MaxValue:
                return [(byte)(type | 25), (byte)(number >> 8), (byte)number];
            case <= uint.MaxValue:
                var four = new byte[5];
                four[0] = (byte)(type | 26);
                BinaryPrimitives.WriteUInt32BigEndian(four.AsSpan(1), (uint)number);
                return four;
            default:
                var eight = new byte[9];
                eight[0] = (byte)(type | 27);
                BinaryPrimitives.WriteUInt64BigEndian(eight.AsSpan(1), number);
                return eight;
        }
    }
}
