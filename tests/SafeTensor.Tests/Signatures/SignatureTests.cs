using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>A program that trusts a publisher takes that publisher's packages, whole, and no others.</summary>
public sealed class SignatureTests
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
        ModelSealer.Seal(TestData.Digits, _package, _key, new SealOptions { Signer = _publisher.Key, ClearTensors = ["p4"], ClearGraph = true });
    }

    [TearDown]
    public void Delete()
    {
        _publisher.Dispose();
        _folder.Dispose();
    }

    [TestCase("nistP256")]
    [TestCase("nistP384")]
    public void A_package_that_was_signed_loads_where_its_publisher_is_trusted(string curve)
    {
        using var publisher = new Publisher(ECCurve.CreateFromFriendlyName(curve));
        using var other = new Publisher();
        ModelSealer.Sign(_package, publisher.Key);

        using var model = SafeModel.Load(_package, _key, Trusting(other, publisher));

        Assert.That(model.Package!.IsSigned, Is.True);
        using var package = SealedPackage.Open(_package, _key, Trusting(other, publisher).Expectations);
        Assert.That(package.Publishers, Is.EqualTo([PublisherKey.Of(publisher.Key).Thumbprint]));
    }

    [Test]
    public void Without_a_signature_or_with_anothers_it_is_refused()
    {
        using var other = new Publisher();
        Assert.That(() => SafeModel.Load(_package, _key, Trusting(other)), Refused.With(SafeModelError.SignatureInvalid, PublisherKey.Of(other.Key).Thumbprint));

        File.Delete(Signature);
        Assert.That(() => SafeModel.Load(_package, _key, Trusting(_publisher)), Refused.With(SafeModelError.SignatureInvalid, "mod.sig is not there"));
        Assert.That(() => SafeModel.Load(_package, _key, TestRuntime.Options).Dispose(), Throws.Nothing);
    }

    [Test]
    public void A_folder_in_place_of_the_signature_is_no_signature()
    {
        File.Delete(Signature);
        Directory.CreateDirectory(Signature);

        Assert.That(() => SafeModel.Load(_package, _key, Trusting(_publisher)), Refused.With(SafeModelError.SignatureInvalid, "not a regular file"));
        Assert.That(() => SafeModel.Load(_package, _key, TestRuntime.Options).Dispose(), Throws.Nothing);
    }

    [Test]
    public void Publishers_that_are_null_are_a_mistake() => Assert.That(
        () => SafeModel.Load(_package, _key, new SafeModelOptions { TrustedPublishers = null! }),
        Throws.ArgumentNullException.With.Property("ParamName").EqualTo("TrustedPublishers"));

    [Test]
    public void A_readable_graph_that_is_not_the_sealed_one_is_not_shown()
    {
        var graph = Path.Combine(_package, "mod.json");
        File.WriteAllText(graph, File.ReadAllText(graph).Replace("image", "other", StringComparison.Ordinal));

        Assert.That(() => PackageInfo.Read(_package), Refused.With(SafeModelError.WrongPackage, "mod.json"));
    }

    [Test]
    public void The_signature_of_another_package_is_refused()
    {
        ModelSealer.Seal(TestData.Digits, _folder["other"], _key, new SealOptions { Signer = _publisher.Key });
        File.Copy(Path.Combine(_folder["other"], "mod.sig"), Signature, overwrite: true);

        Assert.That(() => SafeModel.Load(_package, _key, Trusting(_publisher)), Refused.With(SafeModelError.SignatureInvalid, "another package's header"));
    }

    [Test]
    public void Where_nobody_is_trusted_it_is_not_read()
    {
        File.WriteAllText(Signature, "no signature at all");

        using var model = SafeModel.Load(_package, _key, TestRuntime.Options);

        Assert.That(model.Package!.IsSigned, Is.True, "there is one, and nobody has checked it");
    }

    [Test]
    public async Task A_key_is_not_asked_for_a_package_that_is_refused_for_its_signature()
    {
        using var other = new Publisher();
        using var key = new CountingKey(_key);

        Assert.That(() => SafeModel.Load(_package, key, Trusting(other)), Refused.With(SafeModelError.SignatureInvalid));
        Assert.That(async () => await SafeModel.LoadAsync(_package, key, Trusting(other)), Refused.With(SafeModelError.SignatureInvalid));
        Assert.That(key.Requests, Is.Zero);
        (await SafeModel.LoadAsync(_package, key, Trusting(_publisher))).Dispose();
        Assert.That(key.Requests, Is.EqualTo(1));
    }

    [Test]
    public void Any_one_of_several_publishers_will_do_and_all_who_signed_are_known()
    {
        using var second = new Publisher(ECCurve.NamedCurves.nistP384);
        using var third = new Publisher();
        ModelSealer.Sign(_package, second.Key);

        using var package = SealedPackage.Open(_package, _key, Trusting(third, second, _publisher, second).Expectations);

        Assert.That(package.Publishers, Is.EquivalentTo([PublisherKey.Of(second.Key).Thumbprint, PublisherKey.Of(_publisher.Key).Thumbprint]));
    }

    [Test]
    public async Task Verifying_needs_no_model_key_and_finds_every_change()
    {
        var info = await ModelSealer.VerifyAsync(_package, [_publisher.Pem]);
        Assert.That(info.IsAuthenticated && info.IsSigned, Is.True);
        Assert.That(info.Inputs.Select(input => input.ToString()), Is.EqualTo(["image: float32[1,1,8,8]"]));

        foreach (var (file, error) in new[] { ("mod.params", SafeModelError.Tampered), ("mod.so", SafeModelError.WrongPackage), ("mod.json", SafeModelError.WrongPackage) })
        {
            var bytes = File.ReadAllBytes(Path.Combine(_package, file));
            bytes[^1] ^= 1;
            var changed = _folder.CopyOf(_package, "changed " + file);
            File.WriteAllBytes(Path.Combine(changed, file), bytes);
            Assert.That(async () => await ModelSealer.VerifyAsync(changed, [_publisher.Pem]), Refused.With(error, file));
        }
    }

    [Test]
    public void Verifying_without_a_key_needs_a_publisher_and_an_unexpired_package()
    {
        Assert.That(async () => await ModelSealer.VerifyAsync(_package, []), Throws.ArgumentException.With.Message.Contains("no publisher"));
        ModelSealer.Seal(
            TestData.Digits, _package, _key, new SealOptions { Overwrite = true, Signer = _publisher.Key, NotAfter = new DateTimeOffset(2001, 1, 1, 0, 0, 0, TimeSpan.Zero) });
        Assert.That(async () => await ModelSealer.VerifyAsync(_package, [_publisher.Pem]), Refused.With(SafeModelError.Expired));
    }

    [TestCase(LoadPath.InPlace)]
    [TestCase(LoadPath.LoadParams)]
    public void With_a_trusted_publisher_every_hash_of_a_load_is_checked(LoadPath path)
    {
        var options = Trusting(_publisher);
        options.LoadPath = path;
        SafeModel.Load(_package, _key, options).Dispose();

        using var package = SealedPackage.Open(_package, _key, options.Expectations);
        using var memory = ProtectedMemory.Reserve(1 << 20);
        Assert.That(() => package.ReadParameters(memory, [.. package.Parameters.Select((_, i) => i * 100_000L)], null, CancellationToken.None), Throws.Nothing);
    }

    [Test]
    public void A_key_that_tells_nothing_of_the_sender_needs_a_publisher_or_consent()
    {
        using var key = new PublicHalfKey(_key);

        Assert.That(() => SafeModel.Load(_package, key, TestRuntime.Options), Refused.With(SafeModelError.SignatureInvalid, "TrustedPublishers"));
        Assert.That(() => SafeModel.Load(_package, key, new SafeModelOptions { AllowUnsigned = true, RuntimeLibrary = TestRuntime.Library }).Dispose(), Throws.Nothing);
        Assert.That(() => SafeModel.Load(_package, key, Trusting(_publisher)).Dispose(), Throws.Nothing);
        using var other = new Publisher();
        var both = Trusting(other);
        both.AllowUnsigned = true;
        Assert.That(() => SafeModel.Load(_package, key, both), Refused.With(SafeModelError.SignatureInvalid), "consent is not a way around a publisher who was named");
    }

    private static SafeModelOptions Trusting(params Publisher[] publishers) =>
        new() { TrustedPublishers = [.. publishers.Select(publisher => publisher.Pem)], RuntimeLibrary = TestRuntime.Library };

    private class CountingKey(byte[] key) : ModelKey
    {
        internal int Requests { get; private set; }

        protected internal override ValueTask UnwrapAsync(KeyRequest request, Memory<byte> destination, CancellationToken cancellationToken)
        {
            Unwrap(request, destination.Span);
            return ValueTask.CompletedTask;
        }

        protected internal override void Unwrap(KeyRequest request, Span<byte> destination)
        {
            Requests++;
            key.CopyTo(destination);
        }
    }

    /// <summary>Stands for a private key, whose other half anybody may have.</summary>
    private sealed class PublicHalfKey(byte[] key) : CountingKey(key)
    {
        internal override bool AuthenticatesSender => false;
    }
}
