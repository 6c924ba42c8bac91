using System.Text;
using System.Text.Json;

namespace SafeTensor.Tests.Independent;

/// <summary>
/// The packages of <c>tests/vectors</c> that the independent writer made, and makes again byte for byte: everything that is random in others is derived from
/// their names here.
/// </summary>
internal static class PublishedPackages
{
    private const ulong LastSecond = 253_402_300_799;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, IndentSize = 1 };

    private static readonly byte[] Code = [.. "No library: these bytes stand for one."u8];

    internal static IEnumerable<string> Names => ["clear-parts-s2", "code-and-graph-only", "empty-and-scalar", "every-field", "signed", "two-segments-s1"];

    /// <summary>Its files, <c>vector.json</c> among them.</summary>
    internal static Dictionary<string, byte[]> Build(string name)
    {
        var settings = Settings(name);
        return name switch
        {
            "clear-parts-s2" => ClearParts(settings with { Suite = 2, SegmentSize = 65_536 }),
            "code-and-graph-only" => Build(
                With([FilePart.Of(FilePart.Code, Code), FilePart.Of(FilePart.Graph, PlainModel.GraphOf())]), [Code, PlainModel.GraphOf()], settings),
            "empty-and-scalar" => Build(With(
                [FilePart.Of(FilePart.Code, Code, isEncrypted: false)],
                TensorPart.Of("empty", TensorPart.FloatType, 32, [0, 3]), TensorPart.Of("empty and clear", TensorPart.SignedType, 8, [0], isEncrypted: false),
                TensorPart.Of("scalar", TensorPart.FloatType, 64, []), TensorPart.Of("clear scalar", TensorPart.UnsignedType, 1, [], isEncrypted: false),
                TensorPart.Of("ränk", TensorPart.UnsignedType, 8, [.. Enumerable.Repeat(1L, 31), 3]),
                TensorPart.Of(new string('n', 1024), TensorPart.SignedType, 64, [1L << 59, 0])), [Code], settings),
            "every-field" => Build(With([], TensorPart.Of("weight", TensorPart.FloatType, 16, [2])) with
            {
                ModelVersion = long.MaxValue,
                Created = 0,
                NotAfter = LastSecond,
                Producer = "the independent writer",
                Ignored =
                [
                    CborItem.Negative(0), CborItem.Text("a key that every reader ignores"),
                    CborItem.Negative(24), CborItem.Map(CborItem.Unsigned(1), CborItem.Array(CborItem.Unsigned(1000)), CborItem.Text("k"), CborItem.String([0])),
                    CborItem.Negative(ulong.MaxValue), new(CborItem.SimpleType, 22, [], []),
                ],
            }, [], settings),
            "signed" => Signed(settings),
            "two-segments-s1" => Build(With(
                [], TensorPart.Of("a segment and a byte", TensorPart.UnsignedType, 8, [65_537])), [], settings with { SegmentSize = 65_536 }),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such package."),
        };
    }

    /// <summary>The graph stands before the code, so that it is the file 2³¹.</summary>
    private static Dictionary<string, byte[]> ClearParts(DraftSettings settings)
    {
        TensorPart[] tensors =
        [
            TensorPart.Of("sealed", TensorPart.FloatType, 32, [4, 5]), TensorPart.Of("clear", TensorPart.SignedType, 16, [33], isEncrypted: false),
            TensorPart.Of("sealed too", TensorPart.UnsignedType, 8, [7]),
        ];
        var graph = PlainModel.GraphOf(tensors);
        return Build(With([FilePart.Of(FilePart.Graph, graph, isEncrypted: false), FilePart.Of(FilePart.Code, Code)], tensors), [graph, Code], settings);
    }

    private static Dictionary<string, byte[]> Signed(DraftSettings settings)
    {
        PublisherPair[] publishers = [PublisherPair.FromSecret("P-256", Derived("publisher", "P-256")), PublisherPair.FromSecret("P-384", Derived("publisher", "P-384"))];
        return Build(With([], TensorPart.Of("weight", TensorPart.FloatType, 32, [3])), [], settings, publishers);
    }

    private static Body With(FilePart[] files, params TensorPart[] tensors) => new("vector", 7, 1_800_000_000, tensors, files);

    private static DraftSettings Settings(string name) => new(Derived("model key", name)) { Salt = Derived("salt", name), FileId = Derived("file id", name)[..16] };

    private static byte[] Derived(string what, string name) => Crypto.Sha256(Encoding.UTF8.GetBytes($"{what} of {name}"));

    private static Dictionary<string, byte[]> Build(Body body, byte[][] fileData, DraftSettings settings, params PublisherPair[] publishers)
    {
        byte[][] data = [.. body.Tensors.Select(tensor => Enumerable.Range(1, (int)tensor.Length).Select(i => (byte)(i * 7)).ToArray()), .. fileData];
        var files = new PackageDraft(body, data, settings).Finish();
        var opened = IndependentReader.Open(files.GetValueOrDefault, settings.ModelKey);
        var description = Describe(opened, settings);
        if (publishers.Length > 0)
        {
            files.Add("mod.sig", SignatureText.Write(opened.Header.Bytes, publishers));
            description["publishers"] = publishers.Select(publisher => publisher.Pem).ToArray();
        }

        files.Add("vector.json", JsonSerializer.SerializeToUtf8Bytes(description, Indented));
        return files;
    }

    private static Dictionary<string, object> Describe(OpenedPackage package, DraftSettings settings)
    {
        var description = new Dictionary<string, object>
        {
            ["model_key"] = Hex(settings.ModelKey),
            ["suite"] = settings.Suite,
            ["segment_size"] = settings.SegmentSize,
            ["manifest_offset"] = package.ManifestOffset,
            ["manifest_length"] = Header.Length + package.BodyBytes.Length + (Crypto.TagLength * package.Header.TagCount),
            ["salt"] = Hex(settings.Salt),
            ["file_id"] = Hex(settings.FileId),
            ["prk"] = Hex(package.Keys.Prk),
            ["commitment"] = Hex(package.Keys.Commitment),
            ["header_key"] = Hex(package.Keys.HeaderKey),
            ["data_key"] = Hex(package.Keys.DataKey),
            ["header"] = Hex(package.Header.Bytes),
            ["body"] = Hex(package.BodyBytes),
            ["model_id"] = package.Body.ModelId,
            ["model_version"] = package.Body.ModelVersion,
            ["tensors"] = package.Body.Tensors.Zip(package.Tensors, (tensor, data) => new Dictionary<string, object>
            {
                ["name"] = Encoding.UTF8.GetString(tensor.Name),
                ["encrypted"] = tensor.IsEncrypted,
                ["length"] = tensor.Length,
                ["root"] = Hex(tensor.Root),
                ["plaintext_sha256"] = Hex(Crypto.Sha256(data)),
            }).ToArray(),
            ["files"] = package.Body.Files.Zip(package.Files, (file, data) => new Dictionary<string, object>
            {
                ["name"] = file.Name,
                ["kind"] = file.Kind,
                ["encrypted"] = file.IsEncrypted,
                ["length"] = file.Length,
                ["root"] = Hex(file.Root),
                ["plaintext_sha256"] = Hex(Crypto.Sha256(data)),
            }).ToArray(),
        };
        if (package.Body.Ignored.Length > 0)
        {
            description["body_without_ignored_keys"] = Hex(BodyCodec.Encode(package.Body with { Ignored = [] }));
        }

        return description;
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
