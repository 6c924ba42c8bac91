using System.Text;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>
/// Manifests whose digest and HMAC are right and whose body is hostile: as anybody can make them for the reader without a key, and as only
/// one who has the key can for the other.
/// </summary>
public sealed class HostileManifestTests
{
    private static readonly PackageExpectations Any = new(null, 0, TimeProvider.System);

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    private static IEnumerable<TestCaseData> Refusals()
    {
        static TestCaseData Case(string name, HostileBody body, SafeModelError error) => new TestCaseData(body.Encode(), error).SetArgDisplayNames(name);
        static TestCaseData Tensor(string name, byte[] tensors, SafeModelError error) => Case(name, new HostileBody { Tensors = tensors }, error);
        static TestCaseData Files(string name, byte[] files, SafeModelError error) => Case(name, new HostileBody { Files = files }, error);
        static TestCaseData Name(string name, byte[] bytes) => Tensor($"name {name}", HostileBody.Tensor(name: HostileBody.Bytes(bytes)), SafeModelError.Tampered);
        static TestCaseData Deep(string name, byte[] value) => Case(name, new HostileBody { MoreCount = 1, More = [0x20, .. value] }, SafeModelError.Tampered);

        yield return Tensor("10^9 tensors", [0x9A, 0x3B, 0x9A, 0xCA, 0x00], SafeModelError.Tampered);
        yield return Tensor("2^31 tensors", [0x9A, 0x80, 0, 0, 0], SafeModelError.Tampered);
        yield return Tensor("2^63 tensors", [0x9B, 0x80, 0, 0, 0, 0, 0, 0, 0], SafeModelError.Tampered);
        yield return Tensor("no definite number of tensors", [0x9F, 0xFF], SafeModelError.Tampered);
        yield return Tensor("tensors of no fields", [0x81, 0x80], SafeModelError.Tampered);
        yield return Tensor("a tensor of 2^31 fields", [0x81, 0x9A, 0x80, 0, 0, 0], SafeModelError.Tampered);

        yield return Name("empty", []);
        yield return Name("NUL", "a\0b"u8.ToArray());
        yield return Name("escape", "\u001b[31m"u8.ToArray());
        yield return Name("newline", "a\nb"u8.ToArray());
        yield return Name("delete", "\u007f"u8.ToArray());
        yield return Name("C1", "\u009b31m"u8.ToArray());
        yield return Name("overlong", [0xC0, 0x80]);
        yield return Name("surrogate", [0xED, 0xA0, 0x80]);
        yield return Name("beyond Unicode", [0xF4, 0x90, 0x80, 0x80]);
        yield return Name("cut character", [0xE2, 0x82]);
        yield return Name("lone continuation", [0x80]);
        yield return Name("1025 bytes", Encoding.ASCII.GetBytes(new string('n', 1025)));
        yield return Name("of the manifest", "__safetensor__"u8.ToArray());
        yield return Tensor("a name of 2^63 bytes", HostileBody.Tensor(name: [0x5B, 0x80, 0, 0, 0, 0, 0, 0, 0]), SafeModelError.Tampered);
        yield return Tensor("a name in pieces", HostileBody.Tensor(name: [0x5F, 0x41, 0x61, 0xFF]), SafeModelError.Tampered);
        yield return Tensor("two of one name", [0x82, .. HostileBody.Tensor()[1..], .. HostileBody.Tensor()[1..]], SafeModelError.Tampered);

        yield return Tensor("type 256", HostileBody.Tensor(code: HostileBody.Number(256)), SafeModelError.Tampered);
        yield return Tensor("type 2^63", HostileBody.Tensor(code: HostileBody.Number(1ul << 63)), SafeModelError.Tampered);
        yield return Tensor("256 bits", HostileBody.Tensor(bits: HostileBody.Number(256)), SafeModelError.Tampered);
        yield return Tensor("rank 33", HostileBody.Tensor(shape: HostileBody.Shape([.. Enumerable.Repeat(1ul, 33)])), SafeModelError.LimitExceeded);
        yield return Tensor("rank 10^9", HostileBody.Tensor(shape: [0x9A, 0x3B, 0x9A, 0xCA, 0x00]), SafeModelError.Tampered);
        yield return Tensor("a side of 2^63", HostileBody.Tensor(shape: HostileBody.Shape(1ul << 63)), SafeModelError.Tampered);
        yield return Tensor("sides that overflow", HostileBody.Tensor(shape: HostileBody.Shape(1ul << 32, 1ul << 32)), SafeModelError.Tampered);
        yield return Tensor("sides that overflow to the length", HostileBody.Tensor(shape: HostileBody.Shape(1ul << 32, (1ul << 32) + 1), length: HostileBody.Number(1ul << 34)), SafeModelError.Tampered);
        yield return Tensor("overflow behind a zero", HostileBody.Tensor(shape: HostileBody.Shape(0, 1ul << 62, 1ul << 62), length: [0x00]), SafeModelError.Tampered);
        yield return Tensor("a length of 2^63", HostileBody.Tensor(length: HostileBody.Number(1ul << 63)), SafeModelError.Tampered);
        yield return Tensor("a negative length", HostileBody.Tensor(length: [0x20]), SafeModelError.Tampered);
        yield return Tensor("another length", HostileBody.Tensor(length: [0x05]), SafeModelError.Tampered);
        yield return Tensor("flags 2", HostileBody.Tensor(flags: [0x02]), SafeModelError.UnsupportedFormat);
        yield return Tensor("flags 2^63", HostileBody.Tensor(flags: HostileBody.Number(1ul << 63)), SafeModelError.UnsupportedFormat);
        yield return Tensor("a tensor without its tags", HostileBody.Tensor(flags: [0x01]), SafeModelError.Tampered);
        yield return Tensor("a short root", HostileBody.Tensor(root: HostileBody.Bytes(new byte[31])), SafeModelError.Tampered);
        yield return Tensor("2^24 segments", HostileBody.Tensor(shape: HostileBody.Shape(1ul << 38), length: HostileBody.Number(1ul << 40)), SafeModelError.LimitExceeded);

        yield return Files("three files", [0x83, .. HostileBody.File()[1..], .. HostileBody.File()[1..], .. HostileBody.File()[1..]], SafeModelError.LimitExceeded);
        yield return Files("10^9 files", [0x9A, 0x3B, 0x9A, 0xCA, 0x00], SafeModelError.Tampered);
        yield return Files("kind 3", HostileBody.File(kind: [0x03]), SafeModelError.UnsupportedFormat);
        yield return Files("kind 2^32", HostileBody.File(kind: HostileBody.Number((1ul << 32) + 1)), SafeModelError.UnsupportedFormat);
        yield return Files("a file above", HostileBody.File(name: HostileBody.Text("../mod.so")), SafeModelError.Tampered);
        yield return Files("a file of a long name", HostileBody.File(name: HostileBody.Text(new string('a', 65))), SafeModelError.Tampered);
        yield return Files("a file of 4 GiB and a byte", HostileBody.File(length: HostileBody.Number((4ul << 30) + 1)), SafeModelError.LimitExceeded);
        yield return Files("a file of 2^63", HostileBody.File(length: HostileBody.Number(1ul << 63)), SafeModelError.LimitExceeded);

        yield return Case("a text of 257 bytes", new HostileBody { ModelId = HostileBody.Text(new string('m', 257)) }, SafeModelError.LimitExceeded);
        yield return Case("a text of 2^63 bytes", new HostileBody { ModelId = [0x7B, 0x80, 0, 0, 0, 0, 0, 0, 0] }, SafeModelError.Tampered);
        yield return Case("a text that is not UTF-8", new HostileBody { ModelId = [0x61, 0xFF] }, SafeModelError.Tampered);
        yield return Case("a text in pieces", new HostileBody { ModelId = [0x7F, 0x61, 0x6D, 0xFF] }, SafeModelError.Tampered);
        yield return Case("the year 10000", new HostileBody { Created = HostileBody.Number(253_402_300_800) }, SafeModelError.Tampered);
        yield return Case("the year 2^63", new HostileBody { Created = HostileBody.Number(1ul << 63) }, SafeModelError.Tampered);
        yield return Case("a date before 1970", new HostileBody { Created = [0x20] }, SafeModelError.Tampered);
        yield return Case("a number that is too long", new HostileBody { Created = [0x18, 0x00] }, SafeModelError.Tampered);
        yield return Case("a tag", new HostileBody { Created = [0xC0, 0x00] }, SafeModelError.Tampered);
        yield return Case("key 8", new HostileBody { MoreCount = 1, More = [0x08, 0x00] }, SafeModelError.UnsupportedFormat);
        yield return Case("key 2^63", new HostileBody { MoreCount = 1, More = [.. HostileBody.Number(1ul << 63), 0x00] }, SafeModelError.UnsupportedFormat);
        yield return Case("a key twice", new HostileBody { MoreCount = 1, More = [0x07, 0x80] }, SafeModelError.Tampered);
        yield return Case("a key that is a text", new HostileBody { MoreCount = 1, More = [0x61, 0x61, 0x00] }, SafeModelError.Tampered);
        yield return Case("bytes behind it", new HostileBody { More = [0x00] }, SafeModelError.Tampered);
        yield return Case("an entry that is missing", new HostileBody { MoreCount = 1 }, SafeModelError.Tampered);

        yield return Deep("60 000 lists in each other", [.. Enumerable.Repeat((byte)0x81, 60_000), 0x00]);
        yield return Deep("60 000 maps in each other", [.. Enumerable.Range(0, 60_000).Select(i => (byte)(i % 2 == 0 ? 0xA1 : 0x00)), 0x00]);
        yield return Deep("five levels", [0x81, 0x81, 0x81, 0x81, 0x00]);
        yield return Deep("a list of 2^63 that is ignored", [0x9B, 0x80, 0, 0, 0, 0, 0, 0, 0]);
        yield return Deep("60 000 open lists", [.. Enumerable.Repeat((byte)0x9F, 60_000)]);
    }

    [TestCaseSource(nameof(Refusals))]
    public void A_hostile_body_is_refused(byte[] body, SafeModelError error) => Refuse(new HostilePackage { Body = body, Names = ["t"u8.ToArray()] }, error);

    [Test]
    public void Negative_keys_are_passed_over_down_to_four_levels()
    {
        var body = new HostileBody { MoreCount = 3, More = [0x20, 0x81, 0x81, 0x81, 0x00, 0x21, 0xA1, 0x61, 0x61, 0xF6, 0x22, 0x42, 0x01, 0x02] };
        var package = new HostilePackage { Body = body.Encode() }.WriteTo(_folder);

        Assert.That(PackageInfo.Read(package).ModelId, Is.EqualTo("m"));
        Assert.That(() => Open(package), Throws.Nothing);
    }

    [TestCase(16_384, true)]
    [TestCase(16_385, false)]
    public void Negative_keys_hold_so_many_items(int items, bool isAccepted)
    {
        // A number; a list, and what is in it.
        var list = items - 2;
        var body = new HostileBody { MoreCount = 2, More = [0x20, 0x00, 0x21, 0x99, (byte)(list >> 8), (byte)list, .. new byte[list]] };
        var package = new HostilePackage { Body = body.Encode(), Names = [.. Enumerable.Repeat("n"u8.ToArray(), 100)] };
        if (isAccepted)
        {
            Assert.That(PackageInfo.Read(package.WriteTo(_folder)).ModelId, Is.EqualTo("m"));
        }
        else
        {
            Refuse(package, SafeModelError.LimitExceeded);
        }
    }

    [Test]
    public void More_tensors_than_there_may_be() => Refuse(
        new HostilePackage
        {
            Names = [.. Enumerable.Repeat("n"u8.ToArray(), 262_144)],
            Body = new HostileBody { Tensors = [0x9A, 0x00, 0x04, 0x00, 0x01, .. new byte[262_145]] }.Encode(),
        },
        SafeModelError.LimitExceeded);

    [Test]
    public void A_body_longer_than_its_tensors_need() =>
        Refuse(new HostilePackage { Body = new HostileBody { MoreCount = 1, More = [0x20, .. HostileBody.Bytes(new byte[70_000])] }.Encode() }, SafeModelError.LimitExceeded);

    // 16 MiB of levels: the most that is read without a key.
    [Test]
    public void Sixteen_MiB_of_lists_in_each_other() => Refuse(
        new HostilePackage
        {
            Names = [.. Enumerable.Repeat("n"u8.ToArray(), 262_144)],
            Body = new HostileBody { MoreCount = 1, More = [0x20, .. Enumerable.Repeat((byte)0x81, (16 << 20) - 100)] }.Encode(),
        },
        SafeModelError.Tampered);

    // As long as a body may be that is read without a key.
    private static IEnumerable<TestCaseData> LargeBodies()
    {
        const int large = (16 << 20) - 100, keys = 2_700_000;
        static TestCaseData Case(string name, byte[] body, SafeModelError error) => new TestCaseData(body, error).SetArgDisplayNames(name);
        static byte[] Ignored(byte[] value) => new HostileBody { MoreCount = 1, More = [0x20, .. value] }.Encode();
        static byte[] List(byte[] item) => [.. Head(0x9A, large / item.Length), .. Enumerable.Range(0, large / item.Length).SelectMany(_ => item)];
        static byte[] Head(byte kind, int number) => [kind, .. BitConverter.GetBytes(number).Reverse()];

        // Of five bytes each, so that they are in order.
        static byte[] Pairs(byte kind) => [.. Enumerable.Range(1 << 16, keys).SelectMany(key => (byte[])[.. Head(kind, key), 0x00])];
        var text = HostileBody.Text(new string('t', large));
        var bytes = HostileBody.Bytes(new byte[large]);

        yield return Case("a model id", new HostileBody { ModelId = text }.Encode(), SafeModelError.LimitExceeded);
        yield return Case("a file's name", new HostileBody { Files = HostileBody.File(name: text) }.Encode(), SafeModelError.Tampered);
        yield return Case("a tensor's name", new HostileBody { Tensors = HostileBody.Tensor(name: bytes) }.Encode(), SafeModelError.Tampered);
        yield return Case("a root", new HostileBody { Tensors = HostileBody.Tensor(root: bytes) }.Encode(), SafeModelError.Tampered);
        yield return Case("numbers to ignore", Ignored(List([0x00])), SafeModelError.LimitExceeded);
        yield return Case("maps to ignore", Ignored(List([0xA0])), SafeModelError.LimitExceeded);
        yield return Case("maps of a pair to ignore", Ignored(List([0xA1, 0x00, 0x00])), SafeModelError.LimitExceeded);
        yield return Case("a map to ignore", Ignored([.. Head(0xBA, keys), .. Pairs(0x1A)]), SafeModelError.LimitExceeded);
        yield return Case("keys to ignore", [.. Head(0xBA, keys + 5), .. new HostileBody().Encode()[1..], .. Pairs(0x3A)], SafeModelError.LimitExceeded);
        yield return Case("a text to ignore that is no UTF-8", Ignored([.. text[..^1], 0xFF]), SafeModelError.Tampered);
    }

    [TestCaseSource(nameof(LargeBodies))]
    public void A_hostile_body_of_16_MiB_is_refused(byte[] body, SafeModelError error) =>
        Refuse(new HostilePackage { Names = [.. Enumerable.Repeat("n"u8.ToArray(), 33_000)], Body = body }, error);

    [Test]
    public void Tensors_in_a_hole_that_no_file_can_hold() => Refuse(
        new HostilePackage
        {
            Names = [.. "ab"u8.ToArray().Select(name => new[] { name })],
            SegmentSize = 4 << 20,
            Body = new HostileBody
            {
                Tensors =
                [
                    0x82, .. HostileBody.Tensor(HostileBody.Bytes("a"u8), shape: HostileBody.Shape(1ul << 40), length: HostileBody.Number(1ul << 42))[1..],
                    .. HostileBody.Tensor(HostileBody.Bytes("b"u8), shape: HostileBody.Shape(1ul << 40), length: HostileBody.Number(1ul << 42))[1..],
                ],
            }.Encode(),
            FileLength = 1L << 42,
        },
        SafeModelError.Tampered,
        keylessToo: false);

    [Test]
    public void A_graph_of_nothing_is_not_read_without_the_key()
    {
        var body = new HostileBody { Files = HostileBody.File(HostileBody.Text("mod.json"), kind: [0x02], length: HostileBody.Number(256 << 20)) };
        var package = new HostilePackage { Body = body.Encode() }.WriteTo(_folder);
        using (var graph = File.Create(Path.Combine(package, "mod.json")))
        {
            graph.SetLength(256 << 20);
        }

        Assert.That(ResidentMemory.PeakOf(() => Assert.That(PackageInfo.Read(package).Inputs, Is.Empty)), Is.LessThan(32 << 20));
    }

    [Test]
    public void A_graph_of_another_length_is_not_read()
    {
        var body = new HostileBody { Files = HostileBody.File(HostileBody.Text("mod.json"), kind: [0x02]) };
        var package = new HostilePackage { Body = body.Encode() }.WriteTo(_folder);
        using (var graph = File.Create(Path.Combine(package, "mod.json")))
        {
            graph.SetLength(256 << 20);
        }

        Bounded.Refusal(() => PackageInfo.Read(package), Refused.With(SafeModelError.WrongPackage, "mod.json"));
    }

    private void Refuse(HostilePackage package, SafeModelError error, bool keylessToo = true)
    {
        var folder = package.WriteTo(_folder);
        if (keylessToo)
        {
            Bounded.Refusal(() => PackageInfo.Read(folder), Refused.With(error), "without the key");
        }

        Bounded.Refusal(() => Open(folder), Refused.With(error), "with the key");
    }

    private static void Open(string package) => SealedPackage.Open(package, HostilePackage.Key, Any).Dispose();
}
