using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>What a model gives up whose weights the runtime keeps. Only graph executors are loaded that way.</summary>
public sealed class LoadParamsTests
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;
    private SafeModelOptions _options = null!;

    [SetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        ModelSealer.Seal(TestData.Digits, _folder["sealed"], _key);
        _options = TestRuntime.Options;
        _options.LoadPath = LoadPath.LoadParams;
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void Weights_that_the_runtime_keeps_are_reported()
    {
        using var model = SafeModel.Load(_folder["sealed"], _key, _options);

        Assert.That(model.Protection.Level, Is.EqualTo(ProtectionLevel.Sealed));
        Assert.That(model.Protection.Reasons, Is.Not.Empty);
    }

    [Test]
    public void They_cannot_be_suspended()
    {
        using var key = ModelKey.FromBytes(_key);
        using var model = SafeModel.Load(_folder["sealed"], key, _options);

        Assert.That(model.Suspend, Throws.InvalidOperationException.With.Message.Contains("runtime's own"));
    }

    [Test]
    public void An_idle_timeout_is_refused()
    {
        using var key = ModelKey.FromBytes(_key);
        _options.IdleTimeout = TimeSpan.FromMinutes(1);

        Assert.That(() => SafeModel.Load(_folder["sealed"], key, _options), Refused.With(SafeModelError.ProtectionUnavailable, "runtime's own"));
    }
}
