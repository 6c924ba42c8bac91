using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests;

/// <summary>Each level is reached where it can be, and where it cannot, a load that requires it is refused.</summary>
public sealed class RequiredProtectionTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        var key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
        File.WriteAllBytes(_folder["key"], key);
        ModelSealer.Seal(TestData.Digits, _folder["sealed"], key);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_plain_model_is_not_sealed() =>
        AssertReaches(ProtectionLevel.Plain, require => CliProcess.Run(["run", TestData.Digits, "--plain", "--json", .. require]), "not encrypted");

    [Test]
    public void Weights_that_are_not_locked_are_sealed_alone() => AssertReaches(
        ProtectionLevel.Sealed,
        require => new RestrictedProcess(_folder.Path, [RestrictedProcess.Unprivileged, .. RestrictedProcess.Limit("MEMLOCK", 0)]).Run(Arguments(require)),
        "raise RLIMIT_MEMLOCK");

    [Test]
    public void A_program_that_can_be_dumped_locks_them_alone() => AssertReaches(
        ProtectionLevel.Locked, require => new RestrictedProcess(_folder.Path, RestrictedProcess.Unprivileged).Run(Arguments(require)), "ProcessHardening.Apply()");

    [Test]
    public void A_hardened_program_keeps_them_from_dumps() => AssertReaches(
        ProtectionLevel.NotDumped,
        require =>
        {
            using var process = new RestrictedProcess(_folder.Path, RestrictedProcess.Unprivileged).StartWithHook(isHardened: true, Arguments(require));
            return CliProcess.End(process);
        },
        "SecretWeights");

    [Test]
    public void Secret_weights_are_kept_from_root()
    {
        if (!ProcessHardening.Inspect().HasSecretMemory)
        {
            Assert.Ignore("This kernel has no memfd_secret.");
        }

        AssertReaches(ProtectionLevel.Secret, require => CliProcess.Run(Arguments([.. require, "--secret-weights"])), "");
    }

    private static void AssertReaches(ProtectionLevel level, Func<string[], CliRun> run, string reason)
    {
        var reached = run(Require(level));
        Assert.That(reached.ExitCode, Is.Zero, reached.Output + reached.Error);
        var protection = reached.Json.GetProperty("protection");
        Assert.That(protection.GetProperty("level").GetString(), Is.EqualTo(level.ToString()));
        if (level == ProtectionLevel.Secret)
        {
            Assert.That(protection.GetProperty("reasons").GetArrayLength(), Is.Zero);
            return;
        }

        var refused = run(Require(level + 1));
        Assert.That(refused.ExitCode, Is.EqualTo(23), refused.Output + refused.Error);
        Assert.That(
            refused.Json.GetProperty("error").GetProperty("message").GetString(),
            Does.Contain($"RequiredProtection is {level + 1}; this machine and model reach {level}: ").And.Contains(reason));
    }

    private static string[] Require(ProtectionLevel level) => level switch
    {
        ProtectionLevel.Plain => [],
        ProtectionLevel.NotDumped => ["--require", "not-dumped"],
        _ => ["--require", level.ToString().ToLowerInvariant()],
    };

    private string[] Arguments(string[] options) => ["run", _folder["sealed"], "--key", _folder["key"], "--json", .. options];
}
