using System.Text;

namespace SafeTensor.Tests.Independent;

/// <summary>Reads one item in CTAP2's canonical form and refuses every other form, and bytes after the item.</summary>
internal sealed class CborDecoder
{
    private const int MaxDepth = 4;

    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    private readonly byte[] _input;
    private int _position;

    private CborDecoder(byte[] input) => _input = input;

    internal static CborItem Decode(byte[] input)
    {
        var decoder = new CborDecoder(input);
        var item = decoder.Read(0);
        Require(decoder._position == input.Length, "bytes follow the item");
        return item;
    }

    private CborItem Read(int depth)
    {
        var first = Take(1)[0];
        var (major, info) = (first >> 5, first & 31);
        if (major == CborItem.SimpleType)
        {
            return Simple(info);
        }

        var number = Argument(info);
        Require(CborItem.Head(major, number).Length == 1 + ArgumentLength(info), "a number is not in its shortest form");
        switch (major)
        {
            case CborItem.UnsignedType or CborItem.NegativeType:
                return new(major, number, [], []);
            case CborItem.BytesType or CborItem.TextType:
                var bytes = Take(number);
                Require(major == CborItem.BytesType || IsUtf8(bytes), "a text is not UTF-8");
                return new(major, number, bytes, []);
            case CborItem.ArrayType:
                return new(major, number, [], Items(number, depth));
            case CborItem.MapType:
                Require(number <= int.MaxValue, "a map is longer than the input");
                var items = Items(2 * number, depth);
                RequireOrder(items);
                return new(major, number, [], items);
            default:
                throw new RefusedPackageException(FormatError.Tampered, "CBOR: a tag");
        }
    }

    private CborItem[] Items(ulong count, int depth)
    {
        Require(depth < MaxDepth, "nested too deep");

        // Each takes a byte at least.
        Require(count <= (ulong)(_input.Length - _position), "an array or map is longer than the input");
        var items = new CborItem[count];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = Read(depth + 1);
        }

        return items;
    }

    private CborItem Simple(int info)
    {
        Require(info <= 27, "an indefinite length, or a reserved form");
        var bytes = Take((ulong)ArgumentLength(info));
        Require(info != 24 || bytes[0] >= 32, "a simple value is not in its shortest form");
        return new(CborItem.SimpleType, (ulong)info, bytes, []);
    }

    private ulong Argument(int info)
    {
        Require(info <= 27, "an indefinite length, or a reserved form");
        return info < 24 ? (ulong)info : Take((ulong)ArgumentLength(info)).Aggregate(0UL, (value, next) => (value << 8) | next);
    }

    private static int ArgumentLength(int info) => info < 24 ? 0 : 1 << (info - 24);

    private byte[] Take(ulong length)
    {
        Require(length <= (ulong)(_input.Length - _position), "it ends early");
        var taken = _input.AsSpan(_position, (int)length).ToArray();
        _position += taken.Length;
        return taken;
    }

    /// <summary>By major type, then the shorter encoding first, then by its bytes.</summary>
    private static void RequireOrder(CborItem[] items)
    {
        for (var i = 2; i < items.Length; i += 2)
        {
            var (before, key) = (items[i - 2], items[i]);
            var (first, second) = (before.Encode(), key.Encode());
            var order = before.Major != key.Major ? before.Major - key.Major
                : first.Length != second.Length ? first.Length - second.Length
                : first.AsSpan().SequenceCompareTo(second);
            Require(order < 0, "the keys of a map are not in order, or not unique");
        }
    }

    private static bool IsUtf8(byte[] bytes)
    {
        try
        {
            Utf8.GetCharCount(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static void Require(bool right, string message) => RefusedPackageException.Unless(right, FormatError.Tampered, $"CBOR: {message}");
}
