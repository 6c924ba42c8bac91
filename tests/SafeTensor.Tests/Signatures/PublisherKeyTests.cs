using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Which keys a program can trust, and how they are called.</summary>
public sealed class PublisherKeyTests
{
    // RFC 7515 appendix A.3 has the key. Its thumbprint was computed with another program, of the JSON that RFC 7638 wants: `openssl dgst -sha256`.
    private const string RfcX = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", RfcY = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    [Test]
    public void The_thumbprint_is_that_of_rfc_7638()
    {
        using var key = RfcKey();

        Assert.That(PublisherKey.Of(key).Thumbprint, Is.EqualTo("oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"));
        Assert.That(PublisherKey.Of(key).Algorithm, Is.EqualTo("ES256"));
    }

    [Test]
    public void A_signature_of_rfc_7515_is_valid()
    {
        using var key = RfcKey();
        var data = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"u8;
        var signature = Base64Url.DecodeFromChars(
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");

        Assert.That(PublisherKey.Of(key).Verify(data, signature), Is.True);
        signature[0] ^= 1;
        Assert.That(PublisherKey.Of(key).Verify(data, signature), Is.False);
        Assert.That(PublisherKey.Of(key).Verify(data, signature.AsSpan(1)), Is.False);
    }

    [Test]
    public void A_key_on_P384_signs_with_its_own_algorithm()
    {
        using var publisher = new Publisher(ECCurve.NamedCurves.nistP384);

        var key = PublisherKey.FromPem(publisher.Pem, "it");

        Assert.That(key.Algorithm, Is.EqualTo("ES384"));
        Assert.That(key.Hash, Is.EqualTo(HashAlgorithmName.SHA384));
    }

    [Test]
    public void What_is_no_publishers_key_is_refused_by_its_place_in_the_list()
    {
        using var publisher = new Publisher();
        using var other = new Publisher(ECCurve.NamedCurves.nistP521);
        using var brainpool = new Publisher(ECCurve.NamedCurves.brainpoolP256r1);
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=test", publisher.Key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(1));

        Assert.That(Refusal("publisher.pem"), Does.Contain("TrustedPublishers[1]").And.Contain("BEGIN PUBLIC KEY"));
        Assert.That(Refusal(""), Does.Contain("BEGIN PUBLIC KEY"));
        Assert.That(Refusal(null!), Does.Contain("BEGIN PUBLIC KEY"));
        Assert.That(Refusal(publisher.Key.ExportPkcs8PrivateKeyPem()), Does.Contain("'PRIVATE KEY'").And.Contain("public key alone"));
        Assert.That(Refusal(publisher.Key.ExportECPrivateKeyPem()), Does.Contain("'EC PRIVATE KEY'"));
        Assert.That(Refusal(certificate.ExportCertificatePem()), Does.Contain("'CERTIFICATE'"));
        Assert.That(Refusal(other.Pem), Does.Contain("P-256 or P-384"));
        Assert.That(Refusal(brainpool.Pem), Does.Contain("P-256 or P-384"));
        Assert.That(Refusal(rsa.ExportSubjectPublicKeyInfoPem()), Does.Contain("TrustedPublishers[1]"));
        Assert.That(Refusal(publisher.Pem + "\n" + other.Pem), Does.Contain("TrustedPublishers[1]"));
        Assert.That(Refusal(publisher.Pem.Replace("MFkw", "MFkx", StringComparison.Ordinal)), Does.Contain("TrustedPublishers[1]"));

        string Refusal(string pem) =>
            Assert.Throws<ArgumentException>(() => _ = new SafeModelOptions { TrustedPublishers = [publisher.Pem, pem] }.Expectations)!.Message;
    }

    private static ECDsa RfcKey() => ECDsa.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = Base64Url.DecodeFromChars(RfcX), Y = Base64Url.DecodeFromChars(RfcY) },
    });
}
