using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>A loaded model holds its weights once.</summary>
[NonParallelizable]
public sealed class ModelMemoryTests
{
    private const long Slack = 64 << 20;

    [Test]
    public void A_real_model_is_sealed_in_a_few_segments_and_loaded_once([Values] bool isSecret)
    {
        var source = TestData.SharedFolder("models", "resnet18");
        var weights = new FileInfo(Path.Combine(source, "mod.params")).Length;
        using var folder = new TemporaryFolder();
        var key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
        var options = TestRuntime.Options;
        options.SecretWeights = isSecret;
        SafeModel.LoadPlain(TestData.Digits, TestRuntime.Options).Dispose();

        var sealing = ResidentMemory.PeakOf(() => ModelSealer.Seal(source, folder["sealed"], key));
        var loading = ResidentMemory.PeakOf(() => Load(folder["sealed"], key, options));

        TestContext.Out.WriteLine($"sealing {sealing >> 20} MiB, loading {loading >> 20} MiB of {weights >> 20} MiB");
        Assert.That(sealing, Is.LessThan(Slack));
        Assert.That(loading, Is.LessThan(weights + Slack));
    }

    private static void Load(string package, byte[] key, SafeModelOptions options)
    {
        try
        {
            SafeModel.Load(package, key, options).Dispose();
        }
        catch (SafeModelException refusal) when (options.SecretWeights && refusal.Error == SafeModelError.ProtectionUnavailable)
        {
            Assert.Ignore(refusal.Message);
        }
    }
}
