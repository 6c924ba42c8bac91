using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace SafeTensor.Runtime;

/// <summary>One publisher's signature over a package's header: an entry of mod.sig, a JWS (RFC 7515).</summary>
/// <param name="Protected">The protected header as it stands in the file, base64url: <c>alg</c>, <c>kid</c>, <c>typ</c>.</param>
/// <param name="Value">r ‖ s, base64url.</param>
internal sealed record PackageSignature(string Protected, string Value)
{
    private const string Type = "safetensor-sig+json";

    /// <summary>Of a protected header, the object itself being the first.</summary>
    private const int MaxDepth = 64;

    /// <summary>Signs what <paramref name="payload"/> says.</summary>
    /// <param name="key">With its private half.</param>
    /// <param name="publisher">The same key's public half.</param>
    /// <param name="payload">The package's header, base64url.</param>
    internal static PackageSignature Create(ECDsa key, PublisherKey publisher, string payload)
    {
        var text = $$"""{"alg":"{{publisher.Algorithm}}","kid":"{{publisher.Thumbprint}}","typ":"{{Type}}"}""";
        var header = Base64Url.EncodeToString(Encoding.ASCII.GetBytes(text));
        var value = key.SignData(SigningInput(header, payload), publisher.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return new PackageSignature(header, Base64Url.EncodeToString(value));
    }

    /// <summary>Whether it is by <paramref name="publisher"/>, going by what it says of itself.</summary>
    /// <exception cref="FormatException">It says nothing that can be read.</exception>
    internal bool IsNamed(PublisherKey publisher) => ReadHeader().KeyId == publisher.Thumbprint;

    /// <summary>Whether <paramref name="publisher"/> made it for <paramref name="payload"/>.</summary>
    /// <exception cref="FormatException">It is not of the form that a signature has.</exception>
    internal bool IsBy(PublisherKey publisher, string payload)
    {
        var (algorithm, keyId, type, isPlain) = ReadHeader();
        return algorithm == publisher.Algorithm && keyId == publisher.Thumbprint && type == Type && isPlain
            && publisher.Verify(SigningInput(Protected, payload), Decode(Value));
    }

    private static byte[] SigningInput(string header, string payload) => Encoding.ASCII.GetBytes($"{header}.{payload}");

    // Plain: no other members, and no escapes, which would be a second way to write the same header.
    private (string? Algorithm, string? KeyId, string? Type, bool IsPlain) ReadHeader()
    {
        string? algorithm = null, keyId = null, type = null;
        var isPlain = true;
        try
        {
            var reader = new Utf8JsonReader(Decode(Protected), new JsonReaderOptions { MaxDepth = MaxDepth });
            Demand(reader.Read() && reader.TokenType == JsonTokenType.StartObject);
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                var name = reader.GetString();
                isPlain &= !reader.ValueIsEscaped;
                reader.Read();
                isPlain &= !reader.ValueIsEscaped;
                switch (name)
                {
                    case "alg": Set(ref algorithm, reader.GetString()); break;
                    case "kid": Set(ref keyId, reader.GetString()); break;
                    case "typ": Set(ref type, reader.GetString()); break;
                    default:
                        isPlain = false;
                        reader.Skip();
                        break;
                }
            }

            Demand(!reader.Read());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException("a protected header is no JSON object of texts", e);
        }

        return (algorithm, keyId, type, isPlain);
    }

    /// <summary>The bytes that a text stands for. Exactly one text encodes given bytes: no padding, no spaces, no bits to spare that are not zero.</summary>
    /// <exception cref="FormatException">It is not base64url.</exception>
    internal static byte[] Decode(string text)
    {
        var bytes = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        return Base64Url.IsValid(text) && Base64Url.TryDecodeFromChars(text, bytes, out var length) && Base64Url.EncodeToString(bytes.AsSpan(0, length)) == text
            ? bytes[..length]
            : throw new FormatException("a text is not base64url");
    }

    private static void Set(ref string? field, string? value)
    {
        Demand(field is null && value is not null);
        field = value;
    }

    private static void Demand(bool condition)
    {
        if (!condition)
        {
            throw new FormatException("a protected header is no JSON object with one of each member");
        }
    }
}
