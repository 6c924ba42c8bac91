using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace SafeTensor.Runtime;

/// <summary>The public key of somebody who signs packages: ECDSA on P-256 or P-384. Immutable.</summary>
internal sealed class PublisherKey
{
    private const string PublicKeyLabel = "PUBLIC KEY";

    private readonly ECParameters _point;

    private PublisherKey(ECDsa key)
    {
        _point = key.ExportParameters(includePrivateParameters: false);
        (var curve, Algorithm, Hash) = _point.Curve.Oid?.Value switch
        {
            "1.2.840.10045.3.1.7" => ("P-256", "ES256", HashAlgorithmName.SHA256),
            "1.3.132.0.34" => ("P-384", "ES384", HashAlgorithmName.SHA384),
            _ => throw new ArgumentException("A publisher's key is on the curve P-256 or P-384; this one is on another."),
        };

        // RFC 7638: the required members alone, in this order, without spaces.
        var text = $$"""{"crv":"{{curve}}","kty":"EC","x":"{{Base64Url.EncodeToString(_point.Q.X)}}","y":"{{Base64Url.EncodeToString(_point.Q.Y)}}"}""";
        Thumbprint = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(text)));
    }

    /// <summary>Of its signatures, as RFC 7518 names it. The key decides it, never what a signature says of itself.</summary>
    internal string Algorithm { get; }

    internal HashAlgorithmName Hash { get; }

    /// <summary>RFC 7638, SHA-256, base64url: what its signatures call it.</summary>
    internal string Thumbprint { get; }

    /// <summary>The public half of a key that signs.</summary>
    /// <exception cref="ArgumentException">It is on another curve.</exception>
    internal static PublisherKey Of(ECDsa key) => new(key);

    /// <param name="pem">One <c>BEGIN PUBLIC KEY</c> block.</param>
    /// <param name="name">What the caller calls it, for messages.</param>
    /// <exception cref="ArgumentException">It is none, or on another curve.</exception>
    internal static PublisherKey FromPem(string? pem, string name)
    {
        if (!PemEncoding.TryFind(pem, out var fields))
        {
            throw new ArgumentException($"{name} is no public key in PEM: it must hold the text that begins with -----BEGIN {PublicKeyLabel}-----.");
        }

        var label = pem.AsSpan()[fields.Label];
        if (!label.SequenceEqual(PublicKeyLabel))
        {
            throw new ArgumentException(
                $"{name} is a '{SafeText.Escape(label.ToString())}'; a publisher is known by its public key alone. `openssl pkey -pubout` makes it of a private key.");
        }

        try
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(pem);
            return new PublisherKey(key);
        }
        catch (CryptographicException e)
        {
            throw new ArgumentException($"{name} is no public key that ECDSA can use ({e.Message}).", e);
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"{name}: {e.Message}", e);
        }
    }

    /// <param name="pems">As for <see cref="FromPem"/>, each.</param>
    /// <param name="name">What the caller calls the list.</param>
    /// <inheritdoc cref="FromPem" path="/exception"/>
    internal static PublisherKey[] FromPems(IReadOnlyList<string> pems, string name)
    {
        ArgumentNullException.ThrowIfNull(pems, name);
        return [.. pems.Select((pem, i) => FromPem(pem, $"{name}[{i}]"))];
    }

    /// <param name="data">What was signed.</param>
    /// <param name="signature">r ‖ s, as RFC 7518 section 3.4 has it.</param>
    internal bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        using var key = ECDsa.Create(_point);
        return key.VerifyData(data, signature, Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }
}
