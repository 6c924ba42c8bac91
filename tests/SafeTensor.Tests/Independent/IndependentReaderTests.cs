using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Independent;

/// <summary>A reader that was written from docs/format.md alone, on other primitives, opens what this library and others seal.</summary>
public sealed class IndependentReaderTests
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);

    private TemporaryFolder _folder = null!;

    private static IEnumerable<TestCaseData<SealOptions>> Options()
    {
        yield return Case("all_sealed_with_AES", new SealOptions());
        yield return Case("all_sealed_with_ChaCha20", new SealOptions { Suite = CipherSuite.ChaCha20Poly1305 });
        yield return Case("the_smallest_segments", new SealOptions { SegmentSize = 65_536 });
        yield return Case("the_smallest_segments_of_ChaCha20", new SealOptions { SegmentSize = 65_536, Suite = CipherSuite.ChaCha20Poly1305 });
        yield return Case("the_largest_segments", new SealOptions { SegmentSize = 4_194_304 });
        yield return Case("clear_tensors", new SealOptions { ClearTensors = ["p0", "p4"], SegmentSize = 65_536 });
        yield return Case("clear_code_and_graph", new SealOptions { ClearCode = true, ClearGraph = true });
        yield return Case("a_clear_graph_and_tensor", new SealOptions { ClearGraph = true, ClearTensors = ["p7"], Suite = CipherSuite.ChaCha20Poly1305 });
        yield return Case("every_field", new SealOptions
        {
            ModelId = "Ziffern, größer",
            ModelVersion = ulong.MaxValue,
            Producer = "a producer",
            NotAfter = DateTimeOffset.FromUnixTimeSeconds(4_000_000_000),
        });

        static TestCaseData<SealOptions> Case(string name, SealOptions options) => new TestCaseData<SealOptions>(options).SetArgDisplayNames(name);
    }

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCaseSource(typeof(Vector), nameof(Vector.Folders))]
    public void It_opens_a_published_package_and_finds_every_value_that_stands_beside_it(string folder)
    {
        var vector = new Vector(folder);

        var opened = IndependentReader.Open(folder, vector.Key, new Demands { EveryRoot = true, Trusted = [.. vector.Publishers.Select(PublisherPair.FromPem)] });

        Assert.That(opened.ManifestOffset, Is.EqualTo(vector.Number("manifest_offset")));
        Assert.That(opened.Header.Bytes, Is.EqualTo(vector.Bytes("header")));
        Assert.That(opened.BodyBytes, Is.EqualTo(vector.Bytes("body")));
        Assert.That(BodyCodec.Encode(opened.Body), Is.EqualTo(vector.Bytes("body")));
        Assert.That(opened.Keys.Prk, Is.EqualTo(vector.Bytes("prk")));
        Assert.That(opened.Keys.Commitment, Is.EqualTo(vector.Bytes("commitment")));
        Assert.That(opened.Keys.HeaderKey, Is.EqualTo(vector.Bytes("header_key")));
        Assert.That(opened.Keys.DataKey, Is.EqualTo(vector.Bytes("data_key")));
        Assert.That(
            opened.Tensors.Concat(opened.Files).Select(data => Convert.ToHexStringLower(SHA256.HashData(data))),
            Is.EqualTo(vector.Tensors.Concat(vector.Files).Select(part => part.GetProperty("plaintext_sha256").GetString())));
    }

    [TestCaseSource(nameof(Options))]
    public void It_opens_what_the_library_seals(SealOptions options)
    {
        var info = ModelSealer.Seal(TestData.Digits, _folder["sealed"], Key, options);

        AssertIsSealed(PlainModel.Digits, info, options);
    }

    [TestCase(CipherSuite.Aes256Gcm)]
    [TestCase(CipherSuite.ChaCha20Poly1305)]
    public void It_opens_a_sealed_model_of_scalars_and_empty_tensors(CipherSuite suite)
    {
        var options = new SealOptions { Suite = suite, ClearTensors = ["halves", "empty"] };

        var info = ModelSealer.Seal(PlainModel.Odd.WriteTo(_folder["odd"]), _folder["sealed"], Key, options);

        AssertIsSealed(PlainModel.Odd, info, options);
    }

    [Test]
    public void It_opens_a_sealed_model_of_no_tensors()
    {
        var info = ModelSealer.Seal(PlainModel.Empty.WriteTo(_folder["empty"]), _folder["sealed"], Key);

        AssertIsSealed(PlainModel.Empty, info, new SealOptions());
    }

    [Test]
    public void It_refuses_another_key_another_model_an_older_version_and_a_time_after_not_after()
    {
        var end = DateTimeOffset.FromUnixTimeSeconds(4_000_000_000);
        ModelSealer.Seal(TestData.Digits, _folder["sealed"], Key, new SealOptions { ModelId = "digits", ModelVersion = 7, NotAfter = end });

        Assert.That(Refusal(RandomNumberGenerator.GetBytes(32)), Is.EqualTo(FormatError.WrongKey));
        Assert.That(Refusal(Key, new Demands { ModelId = "Digits" }), Is.EqualTo(FormatError.WrongPackage));
        Assert.That(Refusal(Key, new Demands { LowestVersion = 8 }), Is.EqualTo(FormatError.RolledBack));
        Assert.That(Refusal(Key, new Demands { Now = 4_000_000_001 }), Is.EqualTo(FormatError.Expired));
        Assert.That(Refusal(Key, new Demands { ModelId = "digits", LowestVersion = 7, Now = 4_000_000_000 }), Is.Null);
    }

    private FormatError? Refusal(byte[] key, Demands? demands = null)
    {
        try
        {
            IndependentReader.Open(_folder["sealed"], key, demands);
            return null;
        }
        catch (RefusedPackageException refused)
        {
            return refused.Error;
        }
    }

    private void AssertIsSealed(PlainModel model, PackageInfo info, SealOptions options)
    {
        var opened = IndependentReader.Open(_folder["sealed"], Key, new Demands { EveryRoot = true });

        Assert.That(opened.Tensors.Concat(opened.Files).Select(SHA256.HashData), Is.EqualTo(model.Parts.Select(SHA256.HashData)));
        Assert.That(
            opened.Body.Tensors.Select(tensor => (Encoding.UTF8.GetString(tensor.Name), tensor.TypeCode, tensor.Bits, string.Join(',', tensor.Dimensions))),
            Is.EqualTo(model.Tensors.Select(tensor => (Encoding.UTF8.GetString(tensor.Name), tensor.TypeCode, tensor.Bits, string.Join(',', tensor.Dimensions)))));
        Assert.That(
            opened.Body.Tensors.Where(tensor => !tensor.IsEncrypted).Select(tensor => Encoding.UTF8.GetString(tensor.Name)),
            Is.EquivalentTo(options.ClearTensors));
        Assert.That(
            opened.Body.Files.Select(file => (file.Name, file.Kind, file.IsEncrypted)),
            Is.EqualTo(new[] { ("mod.so", 1, !options.ClearCode), ("mod.json", 2, !options.ClearGraph) }.Take(opened.Files.Length)));
        Assert.That(opened.Header.Suite, Is.EqualTo((int)options.Suite));
        Assert.That(opened.Header.SegmentSize, Is.EqualTo(options.SegmentSize));
        Assert.That(Convert.ToHexStringLower(opened.Header.FileId), Is.EqualTo(info.FileId).IgnoreCase);
        Assert.That(opened.Body.ModelId, Is.EqualTo(info.ModelId));
        Assert.That(opened.Body.ModelVersion, Is.EqualTo(options.ModelVersion));
        Assert.That(opened.Body.Created, Is.EqualTo((ulong)info.Created.ToUnixTimeSeconds()));
        Assert.That(opened.Body.NotAfter, Is.EqualTo((ulong?)options.NotAfter?.ToUnixTimeSeconds()));
        Assert.That(opened.Body.Producer, Is.EqualTo(info.Producer));
        Assert.That(options.Producer ?? info.Producer, Is.EqualTo(info.Producer));
        Assert.That(BodyCodec.Encode(opened.Body), Is.EqualTo(opened.BodyBytes));
    }
}
