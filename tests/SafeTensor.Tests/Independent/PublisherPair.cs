using System.Text;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.OpenSsl;
using Org.BouncyCastle.X509;

namespace SafeTensor.Tests.Independent;

/// <summary>A publisher's key: its public half, and the private one where it signs. docs/format.md, section 8.</summary>
internal sealed class PublisherPair
{
    private readonly ECPublicKeyParameters _publicKey;
    private readonly ECPrivateKeyParameters? _privateKey;

    private PublisherPair(ECPublicKeyParameters publicKey, ECPrivateKeyParameters? privateKey)
    {
        (_publicKey, _privateKey) = (publicKey, privateKey);
        Half = publicKey.Parameters.Curve.FieldElementEncodingLength;
        var (x, y) = (publicKey.Q.Normalize().AffineXCoord.GetEncoded(), publicKey.Q.Normalize().AffineYCoord.GetEncoded());
        Thumbprint = Base64Url.Encode(Crypto.Sha256(Encoding.ASCII.GetBytes(
            $$"""{"crv":"P-{{8 * Half}}","kty":"EC","x":"{{Base64Url.Encode(x)}}","y":"{{Base64Url.Encode(y)}}"}""")));
    }

    /// <summary>RFC 7638.</summary>
    internal string Thumbprint { get; }

    internal string Algorithm => $"ES{8 * Half}";

    /// <summary>The bytes of r, and of s.</summary>
    private int Half { get; }

    internal string Pem
    {
        get
        {
            using var text = new StringWriter { NewLine = "\n" };
            using var writer = new PemWriter(text);
            writer.WriteObject(SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(_publicKey));
            return text.ToString();
        }
    }

    internal static PublisherPair FromPem(string pem)
    {
        using var reader = new PemReader(new StringReader(pem));
        return new((ECPublicKeyParameters)reader.ReadObject(), null);
    }

    /// <summary>The key whose private half is that number.</summary>
    /// <param name="curve">P-256 or P-384.</param>
    /// <param name="secret">Big-endian, shorter than the curve's order.</param>
    internal static PublisherPair FromSecret(string curve, byte[] secret)
    {
        var oid = ECNamedCurveTable.GetOid(curve);
        var d = new BigInteger(1, secret);
        return new(new ECPublicKeyParameters("ECDSA", ECNamedCurveTable.GetByOid(oid).G.Multiply(d), oid), new ECPrivateKeyParameters("ECDSA", d, oid));
    }

    /// <summary>r ‖ s, the same each time (RFC 6979).</summary>
    internal byte[] Sign(byte[] data)
    {
        var signer = new ECDsaSigner(new HMacDsaKCalculator(Half == 32 ? new Sha256Digest() : new Sha384Digest()));
        signer.Init(true, _privateKey);
        return [.. signer.GenerateSignature(Hash(data)).SelectMany(number => Org.BouncyCastle.Utilities.BigIntegers.AsUnsignedByteArray(Half, number))];
    }

    internal bool Verify(byte[] data, byte[] signature)
    {
        var verifier = new ECDsaSigner();
        verifier.Init(false, _publicKey);
        return signature.Length == 2 * Half && verifier.VerifySignature(Hash(data), new BigInteger(1, signature[..Half]), new BigInteger(1, signature[Half..]));
    }

    private byte[] Hash(byte[] data)
    {
        if (Half == 32)
        {
            return Crypto.Sha256(data);
        }

        var (digest, hash) = (new Sha384Digest(), new byte[48]);
        digest.BlockUpdate(data, 0, data.Length);
        digest.DoFinal(hash, 0);
        return hash;
    }
}
