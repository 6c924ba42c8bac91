using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace SafeTensor.Tests.Independent;

/// <summary>What stands in <c>mod.sig</c>: docs/format.md, section 8.</summary>
internal static class SignatureText
{
    private const int MaxLength = 16_384, MaxSignatures = 8, MaxDepth = 64;
    private const string Type = "safetensor-sig+json";

    internal static byte[] Write(byte[] header, params PublisherPair[] publishers)
    {
        var payload = Base64Url.Encode(header);
        var entries = publishers.Select(publisher =>
        {
            var text = Base64Url.Encode(Encoding.ASCII.GetBytes($$"""{"alg":"{{publisher.Algorithm}}","kid":"{{publisher.Thumbprint}}","typ":"{{Type}}"}"""));
            return $$"""{"protected":"{{text}}","signature":"{{Base64Url.Encode(publisher.Sign(Encoding.ASCII.GetBytes($"{text}.{payload}")))}}"}""";
        });
        return Encoding.ASCII.GetBytes($$"""{"payload":"{{payload}}","signatures":[{{string.Join(',', entries)}}]}""");
    }

    /// <summary>Refuses unless a trusted publisher signed this header, and each signature by one is right.</summary>
    internal static void Check(byte[]? file, byte[] header, PublisherPair[] trusted)
    {
        Require(file is { Length: <= MaxLength }, "there is no file, or it is too long");
        Require(Utf8.IsValid(file), "it is not UTF-8");
        try
        {
            using var json = JsonDocument.Parse(file);
            var payload = TextOf(Members(json.RootElement, "payload", "signatures")[0]);
            var list = Members(json.RootElement, "payload", "signatures")[1];
            Require(payload == Base64Url.Encode(header), "another payload");
            Require(list.ValueKind == JsonValueKind.Array && list.GetArrayLength() is >= 1 and <= MaxSignatures, "no list, or too long");
            var signed = 0;
            foreach (var entry in list.EnumerateArray())
            {
                var members = Members(entry, "protected", "signature");
                signed += IsTrusted(TextOf(members[0]), TextOf(members[1]), payload, trusted) ? 1 : 0;
            }

            Require(signed > 0, "nobody who is trusted signed");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second: an escape stands for half a character.
            Require(false, "no JSON");
        }
    }

    private static bool IsTrusted(string text, string signature, string payload, PublisherPair[] trusted)
    {
        var (decoded, value) = (Base64Url.Decode(text), Base64Url.Decode(signature));
        Require(decoded is not null && Utf8.IsValid(decoded), "a protected header is not base64url of UTF-8");
        Require(value is not null, "a signature is not base64url");
        using var json = JsonDocument.Parse(decoded, new JsonDocumentOptions { MaxDepth = MaxDepth });
        Require(json.RootElement.ValueKind == JsonValueKind.Object, "a protected header is no object");
        JsonProperty[] known = [.. json.RootElement.EnumerateObject().Where(member => member.Name is "alg" or "kid" or "typ")];
        Require(known.All(member => member.Value.ValueKind == JsonValueKind.String), "a member is no text");
        Require(known.DistinctBy(member => member.Name).Count() == known.Length, "a member is there twice");

        if (!json.RootElement.TryGetProperty("kid", out var id) || trusted.FirstOrDefault(publisher => publisher.Thumbprint == id.GetString()) is not { } publisher)
        {
            return false;
        }

        var members = Members(json.RootElement, "alg", "kid", "typ");
        Require(
            TextOf(members[0]) == publisher.Algorithm && TextOf(members[1]) == publisher.Thumbprint && TextOf(members[2]) == Type
            && publisher.Verify(Encoding.ASCII.GetBytes($"{text}.{payload}"), value),
            "a trusted publisher's signature is not right");
        return true;
    }

    /// <summary>The values of these members, which are all there are, each once.</summary>
    private static JsonElement[] Members(JsonElement element, params string[] names)
    {
        Require(element.ValueKind == JsonValueKind.Object, "something is no object");
        var members = element.EnumerateObject().ToLookup(member => member.Name, member => member.Value);
        Require(
            element.EnumerateObject().Count() == names.Length && names.All(members.Contains)
            && !element.EnumerateObject().Any(member => member.ToString().Split(':')[0].Contains('\\', StringComparison.Ordinal)),
            "other members, or one twice");
        return Array.ConvertAll(names, name => members[name].First());
    }

    private static string TextOf(JsonElement element)
    {
        Require(element.ValueKind == JsonValueKind.String && !element.GetRawText().Contains('\\', StringComparison.Ordinal), "something is no text, or has escapes");
        return element.GetString()!;
    }

    private static void Require([DoesNotReturnIf(false)] bool right, string message) =>
        RefusedPackageException.Unless(right, FormatError.SignatureInvalid, $"mod.sig: {message}");
}
