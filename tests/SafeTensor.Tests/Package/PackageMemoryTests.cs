using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>Sealing holds a few segments; loading holds the weights once.</summary>
[NonParallelizable]
public sealed class PackageMemoryTests
{
    private const long Slack = 64 << 20, TensorLength = 256 << 20;
    private const int TensorCount = 4;

    [Test]
    public void A_gigabyte_is_sealed_in_a_few_segments_and_loaded_once()
    {
        using var folder = new TemporaryFolder();
        PlainParams.Create(folder["plain"], TensorCount, TensorLength);
        var key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
        var sealing = ResidentMemory.PeakOf(() => ModelSealer.Seal(folder["plain"], folder["sealed"], key));
        long[] offsets = [0, TensorLength, 2 * TensorLength, 3 * TensorLength];
        var loading = ResidentMemory.PeakOf(() =>
        {
            using var package = SealedPackage.Open(folder["sealed"], key, new PackageExpectations(null, 0, TimeProvider.System));
            using var memory = ProtectedMemory.Reserve(TensorCount * TensorLength);
            package.ReadParameters(memory, offsets, null, CancellationToken.None);
        });

        TestContext.Out.WriteLine($"sealing {sealing >> 20} MiB, loading {loading >> 20} MiB of {TensorCount * TensorLength >> 20} MiB");
        Assert.That(sealing, Is.LessThan(Slack));
        Assert.That(loading, Is.LessThan((TensorCount * TensorLength) + Slack));
    }
}
