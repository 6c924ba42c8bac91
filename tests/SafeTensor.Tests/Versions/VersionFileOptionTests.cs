using NUnit.Framework;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests.Versions;

/// <summary><c>--version-file</c> of <c>run</c> and <c>verify</c>.</summary>
public sealed class VersionFileOptionTests
{
    private SealedVersions _digits = null!;

    [SetUp]
    public void MakeFolder() => _digits = new SealedVersions();

    [TearDown]
    public void Delete() => _digits.Dispose();

    [Test]
    public void Run_raises_it_and_an_older_package_exits_with_18()
    {
        Assert.That(Verb("run", 3).ExitCode, Is.Zero);
        Assert.That(_digits.Stored, Is.EqualTo(3));
        Assert.That(Verb("run", 4).ExitCode, Is.Zero);

        var refused = Verb("run", 3, "--json");

        Assert.That(refused.ExitCode, Is.EqualTo(18));
        var error = refused.Json.GetProperty("error");
        Assert.That(error.GetProperty("code").GetString(), Is.EqualTo("RolledBack"));
        Assert.That(error.GetProperty("message").GetString(), Does.Contain("is version 3 of 'digits'").And.Contain("remembers version 4").And.Contain(_digits.VersionFile));
        Assert.That(error.GetProperty("part").GetString(), Is.EqualTo("mod.params"));
    }

    [Test]
    public void Verify_checks_it_and_leaves_it()
    {
        Assert.That(Verb("verify", 7).ExitCode, Is.Zero);
        Assert.That(_digits.Files, Is.Empty);
        _digits.Load(3);

        Assert.That(Verb("verify", 7).ExitCode, Is.Zero);
        Assert.That(Verb("verify", 2).ExitCode, Is.EqualTo(18));
        Assert.That(_digits.Stored, Is.EqualTo(3));
    }

    [Test]
    public void A_damaged_one_exits_with_18_and_a_missing_folder_with_3()
    {
        File.WriteAllText(_digits.VersionFile, "3");
        foreach (var verb in (string[])["run", "verify"])
        {
            var damaged = Verb(verb, 7);
            Assert.That(damaged.ExitCode, Is.EqualTo(18));
            Assert.That(damaged.Error.ReplaceLineEndings(" "), Does.Contain("is damaged").And.Contain("Restore it from a backup"));
            Assert.That(Verb(verb, 7, "--version-file", _digits["none/versions"]).ExitCode, Is.EqualTo(3));
            Assert.That(Verb(verb, 7, "--version-file", "").ExitCode, Is.EqualTo(2));
        }
    }

    [Test]
    public void Without_a_key_it_cannot_be_checked_and_that_is_said()
    {
        File.WriteAllText(_digits["publisher.pem"], "");

        var run = CliRun.Of("verify", _digits.Sealed(3), "--publisher", _digits["publisher.pem"], "--version-file", _digits.VersionFile);

        Assert.That(run.ExitCode, Is.EqualTo(2));
        Assert.That(run.Error, Does.Contain("--version-file").And.Contain("add --key"));
    }

    [Test]
    public void A_plain_model_has_no_version()
    {
        Assert.That(CliRun.Of("run", TestData.Digits, "--plain", "--version-file", _digits.VersionFile).ExitCode, Is.Zero);
        Assert.That(_digits.Files, Is.Empty);
    }

    private CliRun Verb(string verb, ulong version, params string[] more) =>
        CliRun.Of([verb, _digits.Sealed(version), "--key", _digits.KeyFile, .. more.Contains("--version-file") ? [] : (string[])["--version-file", _digits.VersionFile], .. more]);
}
