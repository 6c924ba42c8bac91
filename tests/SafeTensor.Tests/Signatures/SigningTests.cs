using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using NUnit.Framework;
using SafeTensor.Native;
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
    public void A_signature_of_anothers_that_is_not_base64url_is_damaged()
    {
        using var other = new Publisher();
        ModelSealer.Sign(_package, other.Key);
        var good = File.ReadAllText(Signature);

        // Not test cases: a runner drops cases with such names.
        foreach (var text in new[] { "ab+c=", "it's", "<x>", "\u00e9", "\u007f" })
        {
            File.WriteAllText(Signature, good);
            AddForeign(text);
            var before = File.ReadAllBytes(Signature);

            Assert.That(async () => await ModelSealer.VerifyAsync(_package, [other.Pem]), Refused.With(SafeModelError.SignatureInvalid, "a text is not base64url"), text);
            Assert.That(() => ModelSealer.Sign(_package, _publisher.Key), Refused.With(SafeModelError.SignatureInvalid, "Delete it to sign anew"), text);
            Assert.That(File.ReadAllBytes(Signature), Is.EqualTo(before), text);
        }
    }

    [Test]
    public void A_signature_for_which_there_is_no_room_is_refused_and_what_is_there_stays()
    {
        using var other = new Publisher();
        ModelSealer.Sign(_package, other.Key);
        AddForeign(new string('A', SignatureFile.MaxLength / 4 * 3));
        var before = File.ReadAllBytes(Signature);
        AddForeign(new string('A', (SignatureFile.MaxLength - before.Length - 100) / 4 * 4));
        before = File.ReadAllBytes(Signature);

        Assert.That(() => ModelSealer.Sign(_package, _publisher.Key), Refused.With(SafeModelError.LimitExceeded, "mod.sig would have"));
        Assert.That(File.ReadAllBytes(Signature), Is.EqualTo(before));
        Assert.That(async () => await ModelSealer.VerifyAsync(_package, [other.Pem]), Throws.Nothing);
    }

    [Test]
    public void Publishers_who_sign_at_once_all_have_signed()
    {
        var publishers = Enumerable.Range(0, SignatureFile.MaxSignatures).Select(_ => new Publisher()).ToList();

        Parallel.ForEach(publishers, new ParallelOptions { MaxDegreeOfParallelism = publishers.Count }, publisher => ModelSealer.Sign(_package, publisher.Key));

        publishers.ForEach(publisher => Assert.That(async () => await ModelSealer.VerifyAsync(_package, [publisher.Pem]), Throws.Nothing));
        publishers.ForEach(publisher => publisher.Dispose());
        Assert.That(Directory.GetFiles(_package).Select(Path.GetFileName), Is.EquivalentTo(["mod.params", "mod.so", "mod.json", "mod.sig"]));
    }

    [Test]
    public void Who_may_only_read_the_folder_cannot_keep_others_from_signing()
    {
        using var folder = new SafeFileHandle(LibC.open(_package, LibC.O_RDONLY | LibC.O_DIRECTORY, 0), ownsHandle: true);
        Assert.That(LibC.flock((int)folder.DangerousGetHandle(), LibC.LOCK_EX), Is.Zero);

        Assert.That(() => ModelSealer.Sign(_package, _publisher.Key), Throws.Nothing);
    }

    [Test]
    public void The_lock_of_a_signing_is_its_users_alone_and_goes_with_it()
    {
        var modes = new List<UnixFileMode>();
        using var signer = new InterruptingKey(() => modes.Add(File.GetUnixFileMode(Signature + ".lock")));
        File.WriteAllText(Signature + ".lock", "");
        File.SetUnixFileMode(Signature + ".lock", UnixFileMode.UserRead | UnixFileMode.UserWrite);

        ModelSealer.Sign(_package, signer);
        ModelSealer.Sign(_package, signer);

        Assert.That(modes, Is.EqualTo(Enumerable.Repeat(UnixFileMode.UserRead | UnixFileMode.UserWrite, 2)));
        Assert.That(File.Exists(Signature + ".lock"), Is.False);
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

    /// <summary>Puts an entry of a publisher whom nobody knows before the others.</summary>
    private void AddForeign(string signature) =>
        File.WriteAllText(Signature, File.ReadAllText(Signature).Replace("[{", $"[{{\"protected\":\"e30\",\"signature\":\"{signature}\"}},{{", StringComparison.Ordinal));

    private SortedDictionary<string, string> Contents() =>
        new(Directory.GetFiles(_package).ToDictionary(file => Path.GetFileName(file), file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))));
}
