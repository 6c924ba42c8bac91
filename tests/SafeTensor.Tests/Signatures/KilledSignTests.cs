using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary><c>safetensor sign</c>, killed at any moment: the package keeps a signature that is whole, and the next signing minds nothing that was left.</summary>
public sealed class KilledSignTests
{
    private const int Kills = 40;

    [Test]
    public void A_signing_killed_at_any_moment_leaves_the_old_signature_or_the_new_one()
    {
        using var source = new TemporaryFolder();
        using Publisher first = new(), second = new(ECCurve.NamedCurves.nistP384);
        ModelSealer.Seal(TestData.Digits, source["digits"], RandomNumberGenerator.GetBytes(32), new SealOptions { Signer = first.Key });
        File.WriteAllText(source["second.pem"], second.Key.ExportPkcs8PrivateKeyPem());
        var harness = new KillHarness(
            folder => folder.CopyOf(source["digits"], "digits"),
            folder => ["sign", folder["digits"], "--key", source["second.pem"]],
            folder =>
            {
                var draft = File.Exists(Path.Combine(folder["digits"], "mod.sig.new"));
                var signers = Signers(folder["digits"], first, second);
                Assert.That(signers, Does.Contain(PublisherKey.Of(first.Key).Thumbprint), "what was there stays");

                ModelSealer.Sign(folder["digits"], second.Key);
                Assert.That(Signers(folder["digits"], first, second), Has.Count.EqualTo(2));
                Assert.That(
                    Directory.GetFiles(folder["digits"]).Select(Path.GetFileName), Is.EquivalentTo(["mod.params", "mod.so", "mod.json", "mod.sig"]));
                return draft ? KillMoment.During : signers.Count == 2 ? KillMoment.After : KillMoment.Before;
            });

        var counts = harness.Kill(Kills);

        Assert.That(counts.Before, Is.Positive);
    }

    private static IReadOnlyList<string> Signers(string package, params Publisher[] publishers)
    {
        using var parameters = SealedParams.Open(package);
        return SignatureFile.Verify(parameters, [.. publishers.Select(publisher => PublisherKey.Of(publisher.Key))]);
    }
}
