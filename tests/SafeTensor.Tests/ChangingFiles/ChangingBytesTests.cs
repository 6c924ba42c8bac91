using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>Somebody writes to a package while it is read: what is accepted is what was sealed.</summary>
[NonParallelizable]
public sealed class ChangingBytesTests
{
    private static readonly PackageExpectations Any = new(null, 0, TimeProvider.System);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_million_decryptions_beside_a_writer_give_what_was_sealed_or_are_refused([Values] CipherSuite suite)
    {
        const int count = 4096, length = 512, decryptions = 1_000_000, readsOfEach = 4;
        var plain = PlainParams.CreateRandom(_folder["plain"], count, length);
        ModelSealer.Seal(_folder["plain"], _folder["sealed"], _key, new SealOptions { Suite = suite });
        var parameters = Path.Combine(_folder["sealed"], "mod.params");
        var offsets = Enumerable.Range(0, count).Select(i => (long)i * length).ToArray();
        using var memory = ProtectedMemory.Reserve(plain.Length);
        int accepted = 0, refused = 0;

        using (var writer = new TogglingWriter(parameters, 0, new FileInfo(parameters).Length, longest: 500))
        {
            while ((long)accepted * count < decryptions)
            {
                try
                {
                    using var package = SealedPackage.Open(_folder["sealed"], _key, Any);
                    for (var i = 0; i < readsOfEach; i++)
                    {
                        package.ReadParameters(memory, offsets, progress: null, CancellationToken.None);
                        accepted++;
                        Assert.That(memory.Span.SequenceEqual(plain), Is.True, $"load {accepted} was accepted with another plaintext");
                    }
                }
                catch (SafeModelException)
                {
                    refused++;
                }
            }

            TestContext.Out.WriteLine($"{(long)accepted * count} decryptions in {accepted} accepted loads, {refused} refused, beside {writer.Toggles} changes");
        }

        Assert.That(refused, Is.Positive);
    }

    [Test]
    public unsafe void A_writer_at_the_very_bytes_that_are_decrypted_changes_nothing([Values] CipherSuite suite)
    {
        const int length = 64 << 10, decryptions = 50_000;
        var plain = PlainParams.CreateRandom(_folder["plain"], 1, length);
        ModelSealer.Seal(_folder["plain"], _folder["sealed"], _key, new SealOptions { Suite = suite });
        var parameters = Path.Combine(_folder["sealed"], "mod.params");
        using var package = SealedPackage.Open(_folder["sealed"], _key, Any);
        using var memory = ProtectedMemory.Reserve(length);
        int accepted = 0, refused = 0;

        using (var writer = new TogglingWriter(parameters, new FileInfo(parameters).Length - length, length, longest: 20))
        {
            while (accepted + refused < decryptions)
            {
                try
                {
                    package.ReadParameter(0, memory.Address);
                    accepted++;
                }
                catch (SafeModelException e) when (e.Error == SafeModelError.Tampered)
                {
                    refused++;
                    continue;
                }

                Assert.That(memory.Span.SequenceEqual(plain), Is.True, $"decryption {accepted} was accepted with another plaintext");
            }

            TestContext.Out.WriteLine($"{accepted} accepted, {refused} refused, beside {writer.Toggles} changes");
        }

        Assert.That(accepted, Is.Positive);
        Assert.That(refused, Is.Positive);
    }
}
