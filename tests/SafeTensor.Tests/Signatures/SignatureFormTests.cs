using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>mod.sig has one form (RFC 7515, docs/format.md), and whatever else it could be is refused, also where it is validly signed.</summary>
public sealed class SignatureFormTests
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private TemporaryFolder _folder = null!;
    private Publisher _publisher = null!;
    private string _package = null!;
    private string _payload = null!;

    private string Path => System.IO.Path.Combine(_package, "mod.sig");

    private string Thumbprint => PublisherKey.Of(_publisher.Key).Thumbprint;

    private string GoodHeader => $$"""{"alg":"ES256","kid":"{{Thumbprint}}","typ":"safetensor-sig+json"}""";

    [OneTimeSetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        _publisher = new Publisher();
        _package = _folder["digits"];
        ModelSealer.Seal(TestData.Digits, _package, _key);
        using var parameters = SealedParams.Open(_package);
        _payload = Base64Url.EncodeToString(parameters.Header.Bytes);
    }

    [OneTimeTearDown]
    public void Delete()
    {
        _publisher.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void Another_implementation_verifies_what_is_written()
    {
        ModelSealer.Sign(_package, _publisher.Key);
        using var json = System.Text.Json.JsonDocument.Parse(System.IO.File.ReadAllBytes(Path));
        var entry = json.RootElement.GetProperty("signatures")[0];
        var header = entry.GetProperty("protected").GetString()!;
        var value = Base64Url.DecodeFromChars(entry.GetProperty("signature").GetString());

        var verifier = new ECDsaSigner();
        verifier.Init(forSigning: false, (ECPublicKeyParameters)PublicKeyFactory.CreateKey(_publisher.Key.ExportSubjectPublicKeyInfo()));
        var input = SHA256.HashData(Encoding.ASCII.GetBytes($"{header}.{json.RootElement.GetProperty("payload").GetString()}"));

        Assert.That(json.RootElement.GetProperty("payload").GetString(), Is.EqualTo(_payload));
        Assert.That(Encoding.ASCII.GetString(Base64Url.DecodeFromChars(header)), Is.EqualTo(GoodHeader));
        Assert.That(verifier.VerifySignature(input, new BigInteger(1, value[..32]), new BigInteger(1, value[32..])), Is.True);
    }

    [Test]
    public void The_same_form_written_by_hand_is_accepted()
    {
        Assert.That(() => VerifyText(File(Entry(GoodHeader))), Throws.Nothing);
        Assert.That(() => VerifyText(File(Entry(GoodHeader)).Replace(",", " ,\n ", StringComparison.Ordinal)), Throws.Nothing, "JSON has spaces");
        Assert.That(() => VerifyText(File(Entry($$"""{"typ":"safetensor-sig+json","kid":"{{Thumbprint}}","alg":"ES256"}"""))), Throws.Nothing, "in any order");
        Assert.That(() => VerifyText(File($"{Entry("""{"alg":"EdDSA","kid":"somebody","crit":["x"]}""")},{Entry(GoodHeader)}")), Throws.Nothing, "others' are theirs");
    }

    [TestCase("""{"alg":"none","kid":"KID","typ":"safetensor-sig+json"}""")]
    [TestCase("""{"alg":"HS256","kid":"KID","typ":"safetensor-sig+json"}""")]
    [TestCase("""{"alg":"ES384","kid":"KID","typ":"safetensor-sig+json"}""")]
    [TestCase("""{"alg":"es256","kid":"KID","typ":"safetensor-sig+json"}""")]
    [TestCase("""{"alg":"ES256","kid":"KID","typ":"JWT"}""")]
    [TestCase("""{"alg":"ES256","kid":"KID"}""")]
    [TestCase("""{"alg":"ES256","typ":"safetensor-sig+json"}""")]
    [TestCase("""{"alg":"ES256","kid":"KID","typ":"safetensor-sig+json","crit":["b64"],"b64":false}""")]
    [TestCase("""{"alg":"ES256","kid":"KID","typ":"safetensor-sig+json","jwk":{}}""")]
    [TestCase("""{"alg":"ES256","alg":"ES256","kid":"KID","typ":"safetensor-sig+json"}""")]
    [TestCase("""{"\u0061lg":"ES256","kid":"KID","typ":"safetensor-sig+json"}""")]
    [TestCase("""{"alg":"ES25\u0036","kid":"KID","typ":"safetensor-sig+json"}""")]
    [TestCase("""{"alg":"ES256","kid":null,"typ":"safetensor-sig+json"}""")]
    [TestCase("""{"alg":["ES256"],"kid":"KID","typ":"safetensor-sig+json"}""")]
    [TestCase("""{"alg":"ES256","kid":"KID","typ":"safetensor-sig+json"} {}""")]
    [TestCase("""["ES256"]""")]
    [TestCase("\"\"")]
    [TestCase("")]
    public void A_protected_header_that_says_anything_else_is_refused_although_it_is_signed(string header) =>
        Assert.That(() => VerifyText(File(Entry(header.Replace("KID", Thumbprint, StringComparison.Ordinal)))), Refused.With(SafeModelError.SignatureInvalid, "mod.sig"));

    [TestCase(63, true)]
    [TestCase(64, false)]
    [TestCase(4000, false)]
    public void Anothers_protected_header_may_have_64_levels(int lists, bool isAccepted)
    {
        var deep = Entry($"{{\"x\":{new string('[', lists)}{new string(']', lists)}}}");
        var file = File($"{deep},{Entry(GoodHeader)}");

        Assert.That(() => VerifyText(file), isAccepted ? Throws.Nothing : Refused.With(SafeModelError.SignatureInvalid, "mod.sig"));
    }

    [Test]
    public void Another_payload_is_refused_although_it_is_signed()
    {
        Assert.That(() => VerifyText(Entry(GoodHeader, "") is var entry ? $$"""{"payload":"","signatures":[{{entry}}]}""" : ""), Refused.With(SafeModelError.SignatureInvalid));
        var longer = _payload + "AAAA";
        Assert.That(() => VerifyText($$"""{"payload":"{{longer}}","signatures":[{{Entry(GoodHeader, longer)}}]}"""), Refused.With(SafeModelError.SignatureInvalid));
    }

    [Test]
    public void A_file_of_another_form_is_refused()
    {
        var entry = Entry(GoodHeader);
        var good = File(entry);
        string[] others =
        [
            "", "{", "{}", "[]", "null", "\u00ff", good + "{}", good + "x", good[..^1], "\ufeff" + good,
            $$"""{"payload":"{{_payload}}"}""",
            $$"""{"payload":"{{_payload}}","signatures":[]}""",
            $$"""{"payload":"{{_payload}}","signatures":{{entry}}}""",
            $$"""{"payload":"{{_payload}}","payload":"{{_payload}}","signatures":[{{entry}}]}""",
            $$"""{"payload":"{{_payload}}","signatures":[{{entry}}],"signatures":[{{entry}}]}""",
            $$"""{"payload":"{{_payload}}","signatures":[{{entry}}],"extra":1}""",
            good.Replace("\"payload\"", "\"p\\u0061yload\"", StringComparison.Ordinal),
            good.Replace($"\"{_payload}\"", $"\"\\u0055{_payload[1..]}\"", StringComparison.Ordinal),
            good.Replace($"\"{_payload}\"", $"\"{_payload}=\"", StringComparison.Ordinal),
            good.Replace("\"protected\"", "\"header\":{},\"protected\"", StringComparison.Ordinal),
            good.Replace("\"protected\"", "\"protected\":\"\",\"protected\"", StringComparison.Ordinal),
            good.Replace("[{", "[[{", StringComparison.Ordinal).Replace("}]", "}]]", StringComparison.Ordinal),
            good.Replace("[{", "[1,{", StringComparison.Ordinal),
            File(string.Join(',', Enumerable.Repeat(entry, SignatureFile.MaxSignatures + 1))),
            good + new string(' ', SignatureFile.MaxLength),
        ];

        Assert.That(() => VerifyText(good), Throws.Nothing);
        foreach (var text in others)
        {
            Assert.That(() => VerifyText(text), Refused.With(SafeModelError.SignatureInvalid, "mod.sig"), text);
        }
    }

    [Test]
    public void A_signature_of_another_length_or_spelling_is_refused()
    {
        var entry = Entry(GoodHeader);
        var value = entry[(entry.LastIndexOf(':') + 2)..^2];
        var bits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        string[] others = [value[..^2], value + "AA", value + "==", value[..^1] + bits[bits.IndexOf(value[^1], StringComparison.Ordinal) + 1], " " + value, "", value[1..] + "A"];

        foreach (var other in others)
        {
            Assert.That(() => VerifyText(File(entry.Replace(value, other, StringComparison.Ordinal))), Refused.With(SafeModelError.SignatureInvalid), other);
        }
    }

    private string File(string entries) => $$"""{"payload":"{{_payload}}","signatures":[{{entries}}]}""";

    // Signed for real, whatever the header says.
    private string Entry(string header, string? payload = null)
    {
        var text = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header));
        var value = _publisher.Key.SignData(Encoding.ASCII.GetBytes($"{text}.{payload ?? _payload}"), HashAlgorithmName.SHA256);
        return $$"""{"protected":"{{text}}","signature":"{{Base64Url.EncodeToString(value)}}"}""";
    }

    private void VerifyText(string text)
    {
        System.IO.File.WriteAllText(Path, text);
        using var parameters = SealedParams.Open(_package);
        SignatureFile.Verify(parameters, [PublisherKey.FromPem(_publisher.Pem, "it")]);
    }
}
