using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace SafeTensor.Runtime;

/// <summary>A package's mod.sig: signatures of publishers over its header, which commits to every other byte. Needs no model key.</summary>
/// <remarks>Source: RFC 7515, General JSON Serialization, with these members alone: <c>payload</c>, and in <c>signatures</c> <c>protected</c> and <c>signature</c>.</remarks>
internal sealed class SignatureFile
{
    internal const string Name = "mod.sig";
    internal const int MaxLength = 16 << 10, MaxSignatures = 8;

    private string? _payload;

    private SignatureFile()
    {
    }

    internal List<PackageSignature> Signatures { get; } = [];

    /// <summary>What a signature over this header signs.</summary>
    internal static string PayloadOf(ManifestHeader header) => Base64Url.EncodeToString(header.Bytes);

    /// <summary>The thumbprints of those of <paramref name="publishers"/> who signed (step 3 of a load).</summary>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.SignatureInvalid"/>: none did, or one's signature is not valid.</exception>
    internal static IReadOnlyList<string> Verify(SealedParams package, IReadOnlyList<PublisherKey> publishers)
    {
        var payload = PayloadOf(package.Header);
        try
        {
            using var file = package.Folder.OpenFileIfPresent(Name)
                ?? throw Invalid("is not there, and a trusted publisher's signature is demanded. Ask the model's vendor for a signed package.");
            var signatures = Read(file);
            if (signatures._payload != payload)
            {
                throw Invalid("signs another package's header. Get the package again.");
            }

            return signatures.SignersOf(payload, publishers);
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            throw Invalid($"is damaged: {SafeText.Escape(e.Message)}. Get the package again.", SafeText.CauseOf(e));
        }
        catch (Exception e) when (e is IOException and not FolderReplacedException or SafeModelException { Error: SafeModelError.Tampered })
        {
            throw Invalid($"cannot be read: {SafeText.EscapePath(e.Message)}", SafeText.CauseOf(e));
        }
    }

    /// <summary>The signatures of other publishers over <paramref name="payload"/> that are there already; those over anything else are of no use any more.</summary>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.SignatureInvalid"/>: it cannot be read.</exception>
    internal static IReadOnlyList<PackageSignature> ReadOthers(PackageFolder folder, string payload, PublisherKey publisher)
    {
        using var file = folder.OpenFileIfPresent(Name);
        try
        {
            return file is not null && Read(file) is { } existing && existing._payload == payload
                ? existing.Signatures.FindAll(signature => !signature.IsNamed(publisher))
                : [];
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            throw Invalid("is damaged. Delete it to sign anew.", SafeText.CauseOf(e));
        }
    }

    internal static ReadOnlyMemory<byte> Encode(string payload, IEnumerable<PackageSignature> signatures)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("payload", payload);
        json.WriteStartArray("signatures");
        foreach (var signature in signatures)
        {
            json.WriteStartObject();
            json.WriteString("protected", signature.Protected);
            json.WriteString("signature", signature.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static SignatureFile Read(PackageFile file)
    {
        if (file.Length > MaxLength)
        {
            throw new FormatException($"it has {file.Length} bytes, more than {MaxLength}");
        }

        var bytes = new byte[file.Length];
        file.Read(0, bytes);
        return Parse(bytes);
    }

    /// <exception cref="FormatException">It is none.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidOperationException">A text is no text, or not well formed.</exception>
    internal static SignatureFile Parse(ReadOnlySpan<byte> bytes)
    {
        var file = new SignatureFile();
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 3 });
        var hasList = false;
        Demand(reader.Read() && reader.TokenType == JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            if (IsMember(reader, "payload"u8))
            {
                Demand(file._payload is null);
                file._payload = ReadText(ref reader);
            }
            else
            {
                Demand(IsMember(reader, "signatures"u8) && !hasList);
                hasList = true;
                file.ReadSignatures(ref reader);
            }
        }

        Demand(!reader.Read() && hasList && file._payload is not null);
        return file;
    }

    private void ReadSignatures(ref Utf8JsonReader reader)
    {
        Demand(reader.Read() && reader.TokenType == JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Demand(reader.TokenType == JsonTokenType.StartObject && Signatures.Count < MaxSignatures);
            string? header = null, value = null;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                if (IsMember(reader, "protected"u8))
                {
                    Demand(header is null);
                    header = ReadEncoded(ref reader);
                }
                else
                {
                    Demand(IsMember(reader, "signature"u8) && value is null);
                    value = ReadEncoded(ref reader);
                }
            }

            Demand(header is not null && value is not null);
            Signatures.Add(new PackageSignature(header!, value!));
        }
    }

    private string[] SignersOf(string payload, IReadOnlyList<PublisherKey> publishers)
    {
        var signers = new List<string>();
        foreach (var publisher in publishers)
        {
            foreach (var signature in Signatures.Where(signature => signature.IsNamed(publisher)))
            {
                if (!signature.IsBy(publisher, payload))
                {
                    throw Invalid($"has a signature of the publisher {publisher.Thumbprint} that is not valid. Get the package again.");
                }

                signers.Add(publisher.Thumbprint);
            }
        }

        return signers.Count > 0 ? [.. signers.Distinct()]
            : throw Invalid($"has {Signatures.Count} signatures, and none is of a trusted publisher ({string.Join(", ", publishers.Select(p => p.Thumbprint))}).");
    }

    private static bool IsMember(in Utf8JsonReader reader, ReadOnlySpan<byte> name) => !reader.ValueIsEscaped && reader.ValueTextEquals(name);

    // Escapes would be a second way to write the same file.
    private static string ReadText(ref Utf8JsonReader reader)
    {
        Demand(reader.Read() && reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped);
        return reader.GetString()!;
    }

    // Of every signature: what is kept of other publishers is written again, and must then be what it was.
    private static string ReadEncoded(ref Utf8JsonReader reader)
    {
        var text = ReadText(ref reader);
        _ = PackageSignature.Decode(text);
        return text;
    }

    private static void Demand(bool condition)
    {
        if (!condition)
        {
            throw new FormatException("it is no JWS of the members payload, signatures, protected and signature");
        }
    }

    private static SafeModelException Invalid(string message, Exception? cause = null) => new(SafeModelError.SignatureInvalid, Name, message, cause);
}
