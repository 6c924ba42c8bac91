using System.Buffers.Binary;
using System.Text;

namespace SafeTensor.Tests;

/// <summary>Finds every field of a package's files, small and large ones, by the layout in docs/format.md.</summary>
internal sealed class PackagePieces
{
    private const int SegmentSize = 64 << 10, TagLength = 16;

    private static readonly (string Kind, int Length)[] HeaderFields =
    [
        ("magic of the manifest", 8), ("version", 2), ("suite", 2), ("segment size", 4), ("length of the body", 8), ("number of tags", 8), ("salt", 32),
        ("file id", 16), ("commitment", 32), ("digest", 32), ("HMAC", 32),
    ];

    private readonly byte[] _file;
    private readonly List<Piece> _pieces = [];
    private int _at;

    private PackagePieces(byte[] file) => _file = file;

    private int U64 => (int)BinaryPrimitives.ReadUInt64LittleEndian(_file.AsSpan(_at));

    /// <summary>Those of a sealed <c>mod.params</c>.</summary>
    internal static List<Piece> OfParams(byte[] file)
    {
        var pieces = new PackagePieces(file);
        pieces.Field("magic of the list", 8);
        pieces.Field("reserved", 8);
        var names = pieces.Names();
        pieces.Field("number of tensors", 8);
        for (var i = 0; i < names.Length; i++)
        {
            pieces.Tensor(isManifest: i == 0);
        }

        return pieces._pieces;
    }

    /// <summary>Those of code or graph: its segments.</summary>
    internal static List<Piece> OfFile(byte[] file)
    {
        var pieces = new PackagePieces(file);
        pieces.Segments(file.Length);
        return pieces._pieces;
    }

    private string[] Names()
    {
        var start = _at + 8;
        var names = new string[U64];
        Field("number of names", 8);
        for (var i = 0; i < names.Length; i++)
        {
            var (at, length) = (_at, U64);
            Field("length of a name", 8);
            names[i] = Encoding.UTF8.GetString(_file, _at, length);
            Field("text of a name", length);
            Whole("name", at);
        }

        Whole("names", start);
        return names;
    }

    private void Tensor(bool isManifest)
    {
        var start = _at;
        Field("magic of a record", 8);
        Field("reserved of a record", 8);
        Field("device", 4);
        Field("number of the device", 4);
        var rank = BinaryPrimitives.ReadInt32LittleEndian(_file.AsSpan(_at));
        Field("rank", 4);
        Field("type code", 1);
        Field("bits", 1);
        Field("lanes", 2);
        for (var i = 0; i < rank; i++)
        {
            Field("dimension", 8);
        }

        var length = U64;
        Field("length of a tensor", 8);
        Whole("record", start);
        if (isManifest)
        {
            Manifest(length);
        }
        else
        {
            var data = _at;
            Segments(length);
            Whole("data", data);
        }

        Whole("tensor", start);
    }

    private void Manifest(int length)
    {
        var start = _at;
        _at += HeaderFields[..4].Sum(field => field.Length);
        var body = U64;
        _at = start;
        foreach (var (kind, fieldLength) in HeaderFields)
        {
            Field(kind, fieldLength);
        }

        Whole("header", start);
        var bodyStart = _at;
        Item(depth: 0);
        Whole("body", bodyStart);
        while (_at < start + length)
        {
            Field("tag", TagLength);
        }

        if (_at > bodyStart + body)
        {
            _pieces.Add(new Piece("tags", bodyStart + body, _at));
        }

        Whole("manifest", start);
    }

    // An item of CBOR (RFC 8949), of the kinds that a body has.
    private void Item(int depth)
    {
        const int byteString = 2, text = 3, array = 4, map = 5;
        var start = _at;
        var major = _file[_at] >> 5;
        var value = Argument();
        Whole($"CBOR head in depth {depth}", start);
        if (major is byteString or text)
        {
            Field($"CBOR text in depth {depth}", value);
        }

        for (var i = 0; i < value && major is array or map; i++)
        {
            var entry = _at;
            Item(depth + 1);
            if (major == map)
            {
                Item(depth + 1);
                Whole("CBOR entry", entry);
            }
        }

        Whole($"CBOR item in depth {depth}", start);
    }

    private int Argument()
    {
        var small = _file[_at++] & 31;
        if (small < 24)
        {
            return small;
        }

        var value = 0ul;
        for (var i = 0; i < 1 << (small - 24); i++)
        {
            value = (value << 8) | _file[_at++];
        }

        return (int)value;
    }

    private void Segments(int length)
    {
        for (var end = _at + length; _at < end;)
        {
            Field("segment", Math.Min(SegmentSize, end - _at));
        }
    }

    private void Field(string kind, int length)
    {
        _at += length;
        _pieces.Add(new Piece(kind, _at - length, _at));
    }

    private void Whole(string kind, int start) => _pieces.Add(new Piece(kind, start, _at));
}
