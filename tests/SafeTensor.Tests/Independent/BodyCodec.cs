using System.Text;
using System.Text.RegularExpressions;

namespace SafeTensor.Tests.Independent;

/// <summary>The body as CBOR: docs/format.md, section 5.</summary>
internal static partial class BodyCodec
{
    internal const long MaxFileLength = 4L << 30;

    private const int MaxTensors = 262_144, MaxRank = 32, MaxNameLength = 1024, MaxTextLength = 256, MaxIgnored = 16_384;
    private const ulong EndOfTime = 253_402_300_800;

    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex FileName { get; }

    internal static byte[] Encode(Body body)
    {
        List<CborItem> items =
        [
            CborItem.Unsigned(1), CborItem.Text(body.ModelId),
            CborItem.Unsigned(2), CborItem.Unsigned(body.ModelVersion),
            CborItem.Unsigned(3), CborItem.Unsigned(body.Created),
        ];
        if (body.NotAfter is { } notAfter)
        {
            items.AddRange(CborItem.Unsigned(4), CborItem.Unsigned(notAfter));
        }

        if (body.Producer is { } producer)
        {
            items.AddRange(CborItem.Unsigned(5), CborItem.Text(producer));
        }

        items.AddRange(CborItem.Unsigned(6), CborItem.Array([.. body.Tensors.Select(Encode)]));
        items.AddRange(CborItem.Unsigned(7), CborItem.Array([.. body.Files.Select(Encode)]));
        return CborItem.Map([.. items, .. body.Ignored]).Encode();
    }

    private static CborItem Encode(TensorPart tensor) => CborItem.Array(
        CborItem.String(tensor.Name), CborItem.Unsigned(tensor.TypeCode), CborItem.Unsigned(tensor.Bits),
        CborItem.Array([.. tensor.Dimensions.Select(dimension => CborItem.Unsigned((ulong)dimension))]),
        CborItem.Unsigned((ulong)tensor.Length), CborItem.Unsigned(tensor.IsEncrypted ? 1u : 0), CborItem.String(tensor.Root));

    private static CborItem Encode(FilePart file) => CborItem.Array(
        CborItem.Text(file.Name), CborItem.Unsigned((ulong)file.Kind),
        CborItem.Unsigned((ulong)file.Length), CborItem.Unsigned(file.IsEncrypted ? 1u : 0), CborItem.String(file.Root));

    internal static Body Decode(byte[] bytes)
    {
        var map = CborDecoder.Decode(bytes);
        Require(map.Major == CborItem.MapType, "the body is no map");
        var known = new Dictionary<ulong, CborItem>();
        var ignored = new List<CborItem>();
        var ignoredItems = 0;
        foreach (var pair in map.Items.Chunk(2))
        {
            var (key, value) = (pair[0], pair[1]);
            Require(key.Major is CborItem.UnsignedType or CborItem.NegativeType, "a key is no integer");
            if (key.Major == CborItem.NegativeType)
            {
                ignored.AddRange(key, value);
                ignoredItems += ItemsIn(value);
                Limit(ignoredItems <= MaxIgnored, "more items to ignore than there may be");
                continue;
            }

            RefusedPackageException.Unless(key.Number is >= 1 and <= 7, FormatError.UnsupportedFormat, $"key {key.Number}");
            known.Add(key.Number, value);
        }

        var body = new Body(
            TextOf(Field(known, 1)), Number(Field(known, 2)), Time(Field(known, 3)),
            [.. Items(Field(known, 6)).Select(Tensor)], [.. Items(Field(known, 7)).Select(File)])
        {
            NotAfter = known.TryGetValue(4, out var notAfter) ? Time(notAfter) : null,
            Producer = known.TryGetValue(5, out var producer) ? TextOf(producer) : null,
            Ignored = [.. ignored],
        };
        Limit(body.Tensors.Length <= MaxTensors, $"{body.Tensors.Length} tensors");
        var names = body.Tensors.Select(tensor => Utf8.GetString(tensor.Name)).Append(ParamsList.ManifestName).ToArray();
        Limit(body.Files.Length <= 2, $"{body.Files.Length} files");
        Require(names.Distinct(StringComparer.Ordinal).Count() == names.Length, "a tensor's name is there twice, or the manifest's");
        Require(body.Files.DistinctBy(file => file.Kind).Count() == body.Files.Length, "there are two files of a kind");
        Require(body.Files.DistinctBy(file => file.Name).Count() == body.Files.Length, "there are two files of a name");
        return body;
    }

    private static int ItemsIn(CborItem item) => 1 + item.Items.Sum(ItemsIn);

    private static TensorPart Tensor(CborItem item)
    {
        Require(item.Major == CborItem.ArrayType && item.Items.Length == 7, "a tensor is no array of 7");
        var (name, dimensions) = (item.Items[0], Items(item.Items[3]));
        Require(name.Major == CborItem.BytesType, "a tensor's name is no byte string");
        Require(name.Bytes.Length is > 0 and <= MaxNameLength && IsPrintable(name.Bytes), "a tensor's name");
        Limit(dimensions.Length <= MaxRank, $"rank {dimensions.Length}");
        var (type, bits) = (Number(item.Items[1]), Number(item.Items[2]));
        Require(type <= byte.MaxValue && bits <= byte.MaxValue, "type code or bits are no byte");
        var shape = Array.ConvertAll(dimensions, Size);
        var length = Size(item.Items[4]);
        Int128 product = (long)(bits + 7) / 8;
        foreach (var dimension in shape)
        {
            // A zero does not make right what is too large without it.
            product *= Math.Max(1, dimension);
            Require(product <= long.MaxValue, "the product of the dimensions");
        }

        Require((shape.Contains(0) ? 0 : product) == length, "a tensor's length is not that of its shape and type");
        return new(name.Bytes, (byte)type, (byte)bits, shape, length, Flags(item.Items[5]), Root(item.Items[6]));
    }

    private static FilePart File(CborItem item)
    {
        Require(item.Major == CborItem.ArrayType && item.Items.Length == 5, "a file is no array of 5");
        Require(item.Items[0].Major == CborItem.TextType, "a file's name is no text");
        var (name, kind) = (Utf8.GetString(item.Items[0].Bytes), Number(item.Items[1]));
        Require(FileName.IsMatch(name) && name is not ("mod.params" or "mod.sig"), "a file's name");
        RefusedPackageException.Unless(kind is FilePart.Code or FilePart.Graph, FormatError.UnsupportedFormat, $"kind {kind}");
        var length = Number(item.Items[2]);
        Limit(length <= (ulong)MaxFileLength, $"a file of {length} bytes");
        return new(name, (int)kind, (long)length, Flags(item.Items[3]), Root(item.Items[4]));
    }

    private static CborItem Field(Dictionary<ulong, CborItem> known, ulong key) =>
        known.TryGetValue(key, out var value) ? value : throw new RefusedPackageException(FormatError.Tampered, $"key {key} is missing");

    private static CborItem[] Items(CborItem item)
    {
        Require(item.Major == CborItem.ArrayType, "something is no array");
        return item.Items;
    }

    private static ulong Number(CborItem item)
    {
        Require(item.Major == CborItem.UnsignedType, "something is no unsigned integer");
        return item.Number;
    }

    private static long Size(CborItem item)
    {
        var number = Number(item);
        Require(number <= long.MaxValue, $"size {number}");
        return (long)number;
    }

    private static ulong Time(CborItem item)
    {
        var seconds = Number(item);
        Require(seconds < EndOfTime, $"{seconds} seconds");
        return seconds;
    }

    private static string TextOf(CborItem item)
    {
        Require(item.Major == CborItem.TextType, "something is no text");
        Limit(item.Bytes.Length <= MaxTextLength, "a text");
        return Utf8.GetString(item.Bytes);
    }

    private static bool Flags(CborItem item)
    {
        var flags = Number(item);
        RefusedPackageException.Unless(flags <= 1, FormatError.UnsupportedFormat, $"flags {flags}");
        return flags == 1;
    }

    private static byte[] Root(CborItem item)
    {
        Require(item.Major == CborItem.BytesType && item.Bytes.Length == Part.RootLength, "a root is no string of 32 bytes");
        return item.Bytes;
    }

    private static bool IsPrintable(byte[] name)
    {
        try
        {
            return !Utf8.GetString(name).Any(char.IsControl);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static void Limit(bool within, string message) => RefusedPackageException.Unless(within, FormatError.LimitExceeded, message);

    private static void Require(bool right, string message) => RefusedPackageException.Unless(right, FormatError.Tampered, message);
}
