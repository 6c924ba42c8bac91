using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;
using SafeTensor.Tests.Independent;

namespace SafeTensor.Tests.Audit;

/// <summary>
/// A tag does not bind those who have the key. So a holder of the model key can change a segment under its tag, which no load notices that trusts no
/// publisher: a documented limit. The roots do bind them, and are checked for every part where a publisher is trusted, in a verification, and always
/// for code and graph.
/// </summary>
public sealed class SameTagTests
{
    /// <summary>The tensor p7, which is added to the last layer's sums, so that a change of it changes every output.</summary>
    private const int Bias = 1;

    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);

    private readonly Publisher _publisher = new();
    private TemporaryFolder _folder = null!;

    private string Package => _folder["digits"];

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [OneTimeTearDown]
    public void DisposePublisher() => _publisher.Dispose();

    [TestCase(40)]
    [TestCase(64)]
    [TestCase(65_536)]
    public void The_algebra_of_tags_is_that_of_the_ciphers(int length)
    {
        var (key, nonce) = (RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(12));
        var (associated, data) = (RandomNumberGenerator.GetBytes(24), RandomNumberGenerator.GetBytes(length));
        using var aes = new AesGcm(key, 16);
        using var chacha = new ChaCha20Poly1305(key);
        var (ciphertext, tag) = (new byte[length], new byte[16]);

        aes.Encrypt(nonce, data, ciphertext, tag, associated);
        Assert.That(GaloisField.Bytes(new GcmSegment(key, nonce, associated).Tag(ciphertext)), Is.EqualTo(tag));

        chacha.Encrypt(nonce, data, ciphertext, tag, associated);
        Assert.That(new Poly1305Segment(key, nonce, associated).Tag(ciphertext), Is.EqualTo(tag));
    }

    [Test]
    public void A_tensor_that_a_holder_of_the_key_changed_under_its_tag_is_accepted_where_no_publisher_is_trusted([Values] CipherSuite suite)
    {
        Seal(suite);
        var before = Run();
        SameTag.ChangeTensor(Package, Key, Bias);

        Assert.That(Run(), Is.Not.EqualTo(before));
    }

    [Test]
    public void It_is_refused_in_every_tensor_where_a_publisher_is_trusted_and_when_verified([Values] CipherSuite suite)
    {
        Seal(suite);
        var original = File.ReadAllBytes(Path.Combine(Package, "mod.params"));
        var names = IndependentReader.Open(Package, Key).Body.Tensors.Select(tensor => Encoding.UTF8.GetString(tensor.Name)).ToArray();
        Assert.That(LoadTrusting, Throws.Nothing);
        for (var i = 0; i < names.Length; i++)
        {
            SameTag.ChangeTensor(Package, Key, i);

            Assert.That(LoadTrusting, Refused.With(SafeModelError.Tampered, names[i]));
            Assert.That(VerifyAsync, Refused.With(SafeModelError.Tampered, names[i]));
            Assert.That(() => SafeModel.Load(Package, Key, TestRuntime.Options).Dispose(), Throws.Nothing);
            File.WriteAllBytes(Path.Combine(Package, "mod.params"), original);
        }
    }

    [Test]
    public void It_is_refused_in_code_and_graph_by_every_load([Values] CipherSuite suite, [Values(0, 1)] int file)
    {
        Seal(suite);
        SameTag.ChangeFile(Package, Key, file);

        Assert.That(() => SafeModel.Load(Package, Key, TestRuntime.Options).Dispose(), Refused.With(SafeModelError.WrongPackage));
        Assert.That(LoadTrusting, Refused.With(SafeModelError.WrongPackage));
        Assert.That(VerifyAsync, Refused.With(SafeModelError.WrongPackage));
    }

    private void Seal(CipherSuite suite) =>
        ModelSealer.Seal(TestData.Digits, Package, Key, new SealOptions { Suite = suite, SegmentSize = 65_536, Signer = _publisher.Key });

    private float[] Run()
    {
        using var model = SafeModel.Load(Package, Key, TestRuntime.Options);
        return [.. DigitImages.Pixels.SelectMany(pixels => model.Run(pixels)[0].ToArray<float>())];
    }

    private void LoadTrusting()
    {
        var options = TestRuntime.Options;
        options.TrustedPublishers = [_publisher.Pem];
        SafeModel.Load(Package, Key, options).Dispose();
    }

    private async Task VerifyAsync()
    {
        using var key = ModelKey.FromBytes(Key);
        await ModelSealer.VerifyAsync(Package, key);
    }
}
