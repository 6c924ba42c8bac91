using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>The code of a model is in a file in memory; none stays open once nothing uses it.</summary>
[NonParallelizable]
[TestFixtureSource(typeof(TestModel), nameof(TestModel.Digits))]
public sealed class CodeDescriptorTests(TestModel digits)
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        ModelSealer.Seal(digits.Folder, _folder["sealed"], _key);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_load_that_misses_its_protection_level_leaves_none()
    {
        var before = Open();
        foreach (var path in Enumerable.Repeat(digits.LoadPaths, 5).SelectMany(paths => paths))
        {
            var options = digits.Options;
            (options.RequiredProtection, options.LoadPath) = (ProtectionLevel.Secret, path);
            Assert.That(() => SafeModel.Load(_folder["sealed"], _key, options), Refused.With(SafeModelError.ProtectionUnavailable));
        }

        Assert.That(Open(), Is.LessThanOrEqualTo(before));
    }

    [Test]
    public void Abandoned_models_leave_none_once_they_are_collected()
    {
        var before = Open();
        for (var i = 0; i < 5; i++)
        {
            Abandon();
        }

        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        SafeModel.Load(_folder["sealed"], _key, digits.Options).Dispose();
        Assert.That(Open(), Is.LessThanOrEqualTo(before));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Abandon() => SafeModel.Load(_folder["sealed"], _key, digits.Options).CreateSession().Run();

    private static int Open() =>
        Directory.GetFiles("/proc/self/fd").Count(file => new FileInfo(file).LinkTarget?.Contains("safetensor-code", StringComparison.Ordinal) ?? false);
}
