using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>Signing writes mod.sig and nothing else, vouches for whole packages only, and keeps what other publishers wrote.</summary>
public sealed class SigningTests
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private TemporaryFolder _folder = null!;
    private Publisher _publisher = null!;
    private string _package = null!;

    private string Signature => Path.Combine(_package, "mod.sig");

    [SetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        _publisher = new Publisher();
        _package = _folder["digits"];
        ModelSealer.Seal(TestData.Digits, _package, _key);
    }

    [TearDown]
    public void Delete()
    {
        _publisher.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void Nothing_but_the_signature_is_written()
    {
        var before = Contents();
        ModelSealer.Sign(_package, _publisher.Key);
        var after = Contents();

        Assert.That(after.Remove("mod.sig"), Is.True);
        Assert.That(after, Is.EqualTo(before));
        Assert.That(PackageInfo.Read(_package).IsSigned, Is.True);
    }

    [Test]
    public void A_second_signature_of_one_publisher_replaces_the_first_and_those_of_others_stay()
    {
        using var other = new Publisher(ECCurve.NamedCurves.nistP384);
        ModelSealer.Sign(_package, other.Key);
        ModelSealer.Sign(_package, _publisher.Key);
        ModelSealer.Sign(_package, _publisher.Key);

        Assert.That(SignatureFile.Parse(File.ReadAllBytes(Signature)).Signatures, Has.Count.EqualTo(2));
        Assert.That(async () => await ModelSealer.VerifyAsync(_package, [other.Pem]), Throws.Nothing);
        Assert.That(async () => await ModelSealer.VerifyAsync(_package, [_publisher.Pem]), Throws.Nothing);
    }

    [Test]
    public void Signatures_of_what_the_folder_held_before_are_dropped()
    {
        using var other = new Publisher();
        ModelSealer.Sign(_package, other.Key);
        ModelSealer.Seal(TestData.Digits, _folder["new"], _key);
        File.Copy(Signature, Path.Combine(_folder["new"], "mod.sig"));

        ModelSealer.Sign(_folder["new"], _publisher.Key);

        Assert.That(SignatureFile.Parse(File.ReadAllBytes(Path.Combine(_folder["new"], "mod.sig"))).Signatures, Has.Count.EqualTo(1));
    }

    [Test]
    public void More_than_eight_publishers_are_refused_and_the_eight_stay()
    {
        for (var i = 0; i < SignatureFile.MaxSignatures; i++)
        {
            using var another = new Publisher();
            ModelSealer.Sign(_package, another.Key);
        }

        var before = File.ReadAllBytes(Signature);
        Assert.That(() => ModelSealer.Sign(_package, _publisher.Key), Refused.With(SafeModelError.LimitExceeded, "8 signatures"));
        Assert.That(File.ReadAllBytes(Signature), Is.EqualTo(before));
    }

    [TestCase("mod.params", SafeModelError.Tampered)]
    [TestCase("mod.so", SafeModelError.WrongPackage)]
    [TestCase("mod.json", SafeModelError.WrongPackage)]
    public void A_damaged_package_is_not_signed(string name, SafeModelError error)
    {
        var path = Path.Combine(_package, name);
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);

        Assert.That(() => ModelSealer.Sign(_package, _publisher.Key), Refused.With(error, name));
        Assert.That(File.Exists(Signature), Is.False);
    }

    [Test]
    public void A_damaged_signature_is_not_overwritten_in_silence()
    {
        File.WriteAllText(Signature, "{}");

        Assert.That(() => ModelSealer.Sign(_package, _publisher.Key), Refused.With(SafeModelError.SignatureInvalid, "Delete it to sign anew"));
        Assert.That(File.ReadAllText(Signature), Is.EqualTo("{}"));
    }

    [Test]
    public void A_signature_whose_header_cannot_be_read_is_damaged()
    {
        ModelSealer.Sign(_package, _publisher.Key);
        var text = File.ReadAllText(Signature);
        File.WriteAllText(Signature, text.Replace("\"protected\":\"", "\"protected\":\"!", StringComparison.Ordinal));

        Assert.That(() => ModelSealer.Sign(_package, _publisher.Key), Refused.With(SafeModelError.SignatureInvalid, "Delete it to sign anew"));
    }

    [Test]
    public void A_key_that_cannot_sign_leaves_nothing_behind()
    {
        using var publicHalf = ECDsa.Create(_publisher.Key.ExportParameters(includePrivateParameters: false));
        using var otherCurve = new Publisher(ECCurve.NamedCurves.nistP521);

        Assert.That(() => ModelSealer.Sign(_package, publicHalf), Throws.InstanceOf<CryptographicException>());
        Assert.That(() => ModelSealer.Sign(_package, otherCurve.Key), Throws.ArgumentException.With.Message.Contains("P-256 or P-384"));
        Assert.That(() => ModelSealer.Seal(TestData.Digits, _folder["new"], _key, new SealOptions { Signer = otherCurve.Key }), Throws.ArgumentException);
        Assert.That(() => ModelSealer.Seal(TestData.Digits, _folder["new"], _key, new SealOptions { Signer = publicHalf }), Throws.InstanceOf<CryptographicException>());
        Assert.That(Directory.GetFileSystemEntries(_folder.Path), Is.EqualTo([_package]));
        Assert.That(Directory.GetFiles(_package).Select(Path.GetFileName), Is.EquivalentTo(["mod.params", "mod.so", "mod.json"]));
    }

    private SortedDictionary<string, string> Contents() =>
        new(Directory.GetFiles(_package).ToDictionary(file => Path.GetFileName(file), file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))));
}
