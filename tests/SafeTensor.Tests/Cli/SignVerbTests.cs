using System.Security.Cryptography;
using NUnit.Framework;

namespace SafeTensor.Tests.Cli;

/// <summary><c>sign</c>, <c>seal --sign</c> and <c>--publisher</c>.</summary>
public sealed class SignVerbTests
{
    private SealedDigits _digits = null!;
    private Publisher _publisher = null!;

    private string PrivateKey => _digits["publisher.key.pem"];

    private string PublicKey => _digits["publisher.pem"];

    [SetUp]
    public void Seal()
    {
        _digits = new SealedDigits();
        _publisher = new Publisher();
        File.WriteAllText(PrivateKey, _publisher.Key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(PublicKey, _publisher.Pem);
    }

    [TearDown]
    public void Delete()
    {
        _publisher.Dispose();
        _digits.Dispose();
    }

    [Test]
    public void A_signed_package_is_verified_with_the_key_without_it_and_when_it_runs()
    {
        var sign = CliRun.Of("sign", _digits.Path, "--key", PrivateKey, "--json");

        Assert.That(sign.ExitCode, Is.Zero, sign.Output);
        Assert.That(sign.Json.GetProperty("isSigned").GetBoolean(), Is.True);
        var keyless = CliRun.Of("verify", _digits.Path, "--publisher", PublicKey, "--json");
        Assert.That(keyless.ExitCode, Is.Zero, keyless.Output);
        Assert.That(keyless.Json.GetProperty("verified").GetBoolean(), Is.True);
        Assert.That(CliRun.Of("verify", _digits.Path, "--publisher", PublicKey, "--key", _digits.Key, "--model-id", "digits").ExitCode, Is.Zero);
        Assert.That(CliRun.Of("run", _digits.Path, "--publisher", PublicKey, "--key", _digits.Key).ExitCode, Is.Zero);
        Assert.That(CliRun.Of("inspect", _digits.Path).Output, Does.Contain("`safetensor verify --publisher`"));
    }

    [Test]
    public void An_unsigned_package_exits_with_19_and_says_what_to_do()
    {
        foreach (string[] verb in new string[][] { ["verify", _digits.Path], ["verify", _digits.Path, "--key", _digits.Key], ["run", _digits.Path, "--key", _digits.Key, "--allow-unsigned"] })
        {
            var run = CliRun.Of([.. verb, "--publisher", PublicKey, "--json"]);
            Assert.That(run.ExitCode, Is.EqualTo(19));
            Assert.That(run.Json.GetProperty("error").GetProperty("code").GetString(), Is.EqualTo("SignatureInvalid"));
            Assert.That(run.Json.GetProperty("error").GetProperty("message").GetString(), Does.Contain("Ask the model's vendor"));
        }
    }

    [Test]
    public void Seal_signs_in_the_same_step_and_takes_a_key_that_a_password_protects()
    {
        File.WriteAllText(PrivateKey, _publisher.Key.ExportEncryptedPkcs8PrivateKeyPem(
            "open sesame", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        string[] seal = ["seal", TestData.Digits, _digits["signed"], "--key", _digits.Key, "--sign", PrivateKey, "--json"];
        string[] protectedSeal = [.. seal, "--password-env", "PUBLISHER_PASSWORD"];

        Assert.That(CliRun.Of(seal).Json.GetProperty("error").GetProperty("message").GetString(), Does.Contain("--password-env"));
        Assert.That(CliRun.Of(protectedSeal).Json.GetProperty("error").GetProperty("message").GetString(), Does.Contain("is not set"));
        var wrong = CliProcess.Run(protectedSeal, ("PUBLISHER_PASSWORD", "open barley"));
        Assert.That((wrong.ExitCode, wrong.Output), Is.EqualTo((2, wrong.Output)));
        Assert.That(wrong.Output, Does.Not.Contain("barley"));
        Assert.That(Directory.Exists(_digits["signed"]), Is.False);
        Assert.That(CliProcess.Run(protectedSeal, ("PUBLISHER_PASSWORD", "open sesame")).Json.GetProperty("isSigned").GetBoolean(), Is.True);
        Assert.That(CliRun.Of("verify", _digits["signed"], "--publisher", PublicKey).ExitCode, Is.Zero);
    }

    [Test]
    public void Files_that_hold_no_such_key_are_named()
    {
        File.WriteAllText(_digits["text"], "no key");

        Assert.That(CliRun.Of("sign", _digits.Path, "--key", PublicKey), Has.Property("ExitCode").EqualTo(2).And.Property("Error").Contains("publisher.pem"));
        Assert.That(CliRun.Of("sign", _digits.Path, "--key", _digits["text"]), Has.Property("ExitCode").EqualTo(2).And.Property("Error").Contains("text"));
        Assert.That(CliRun.Of("sign", _digits.Path, "--key", _digits["none"]), Has.Property("ExitCode").EqualTo(3).And.Property("Error").Contains("none"));
        Assert.That(CliRun.Of("verify", _digits.Path, "--publisher", _digits["none"]), Has.Property("ExitCode").EqualTo(3));
        Assert.That(CliRun.Of("verify", _digits.Path, "--publisher", PrivateKey), Has.Property("ExitCode").EqualTo(2).And.Property("Error").Contains("public key alone"));
        Assert.That(CliRun.Of("verify", _digits.Path), Has.Property("ExitCode").EqualTo(2).And.Property("Error").Contains("--key"));
        Assert.That(CliRun.Of("verify", _digits.Path, "--publisher", PublicKey, "--minimum-version", "2"), Has.Property("ExitCode").EqualTo(2));
    }
}
