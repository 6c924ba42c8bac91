using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary><c>safetensor seal</c>, killed at any moment: the package is absent or whole, the old one or the new one.</summary>
public sealed class KilledSealTests
{
    private const int Kills = 100;
    private const string StagingName = @"^\.digits\.[0-9a-f]{32}\.sealing$";

    private static readonly PackageExpectations Any = new(null, 0, TimeProvider.System);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _keys = null!;

    private string KeyFile => _keys["key"];

    [SetUp]
    public void WriteKey()
    {
        _keys = new TemporaryFolder();
        File.WriteAllBytes(KeyFile, _key);
    }

    [TearDown]
    public void Delete() => _keys.Dispose();

    [Test]
    public void A_seal_killed_at_any_moment_leaves_no_package_or_a_whole_one()
    {
        var harness = new KillHarness(
            folder => { },
            folder => ["seal", TestData.Digits, folder["digits"], "--key", KeyFile],
            folder => Moment(folder, Unfinished(folder), Directory.Exists(folder["digits"])));

        AssertWriteWasHit(harness.Kill(Kills));
    }

    [Test]
    public void A_seal_that_overwrites_killed_at_any_moment_leaves_the_old_package_or_the_new_one()
    {
        ModelSealer.Seal(TestData.Digits, _keys["old"], _key);
        var harness = new KillHarness(
            folder => folder.CopyOf(_keys["old"], "digits"),
            folder => ["seal", TestData.Digits, folder["digits"], "--key", KeyFile, "--model-version", "2", "--overwrite"],
            folder => Moment(folder, Unfinished(folder), PackageInfo.Read(folder["digits"]).ModelVersion == 2));

        AssertWriteWasHit(harness.Kill(Kills));
    }

    /// <summary>What is at the target must be whole, and the next seal must not mind what was left.</summary>
    private KillMoment Moment(TemporaryFolder folder, int unfinished, bool isDone)
    {
        if (Directory.Exists(folder["digits"]))
        {
            using var package = SealedPackage.Open(folder["digits"], _key, Any);
            package.Verify(progress: null, CancellationToken.None);
        }

        ModelSealer.Seal(TestData.Digits, folder["digits"], _key, new SealOptions { Overwrite = true });
        return unfinished > 0 ? KillMoment.During : isDone ? KillMoment.After : KillMoment.Before;
    }

    /// <summary>How many unfinished (or replaced) packages there are; nothing else may stand beside the target.</summary>
    private static int Unfinished(TemporaryFolder folder)
    {
        var others = Directory.GetFileSystemEntries(folder.Path).Select(path => Path.GetFileName(path)).Where(name => name != "digits").ToList();
        Assert.That(others, Has.Count.LessThan(2));
        Assert.That(others, Has.All.Match(StagingName));
        return others.Count;
    }

    private static void AssertWriteWasHit(KillCounts counts)
    {
        Assert.That(counts.All, Is.EqualTo(Kills));
        Assert.That(counts.During, Is.GreaterThanOrEqualTo(Kills / 10), "Too few kills hit the write.");
    }
}
