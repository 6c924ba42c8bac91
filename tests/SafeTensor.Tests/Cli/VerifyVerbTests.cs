using System.Diagnostics;
using NUnit.Framework;

namespace SafeTensor.Tests.Cli;

/// <summary><c>verify</c>: right packages pass, every other has its exit code; and where keys come from.</summary>
public sealed class VerifyVerbTests
{
    private SealedDigits _digits = null!;

    [SetUp]
    public void Seal() => _digits = new SealedDigits("--model-version", "3");

    [TearDown]
    public void Delete() => _digits.Dispose();

    [Test]
    public void A_whole_package_is_verified()
    {
        var run = CliRun.Of("verify", _digits.Path, "--key", _digits.Key, "--json", "--model-id", "digits", "--minimum-version", "3");

        Assert.That(run.ExitCode, Is.Zero, run.Output);
        Assert.That(run.Json.GetProperty("verified").GetBoolean(), Is.True);
        Assert.That(run.Json.GetProperty("isAuthenticated").GetBoolean(), Is.True);
        Assert.That(CliRun.Of("verify", _digits.Path, "--key", _digits.Key).Output, Does.Contain("vouches for all of this"));
    }

    [Test]
    public void Another_key_exits_with_11()
    {
        CliRun.Of("keygen", _digits["other.key"]);

        Assert.That(CliRun.Of("verify", _digits.Path, "--key", _digits["other.key"]).ExitCode, Is.EqualTo(11));
    }

    [Test]
    public void A_flipped_bit_exits_with_12_and_names_the_place()
    {
        Flip("mod.params");

        var run = CliRun.Of("verify", _digits.Path, "--key", _digits.Key, "--json");

        Assert.That(run.ExitCode, Is.EqualTo(12));
        Assert.That(run.Json.GetProperty("error").GetProperty("code").GetString(), Is.EqualTo("Tampered"));
        Assert.That(run.Json.GetProperty("error").GetProperty("part").GetString(), Does.StartWith("mod.params"));
    }

    [TestCase("mod.so")]
    [TestCase("mod.json")]
    public void Changed_code_or_graph_exits_with_13(string file)
    {
        Flip(file);

        Assert.That(CliRun.Of("verify", _digits.Path, "--key", _digits.Key).ExitCode, Is.EqualTo(13));
    }

    [Test]
    public void Another_model_exits_with_13_and_an_older_one_with_18()
    {
        Assert.That(CliRun.Of("verify", _digits.Path, "--key", _digits.Key, "--model-id", "letters").ExitCode, Is.EqualTo(13));
        Assert.That(CliRun.Of("verify", _digits.Path, "--key", _digits.Key, "--minimum-version", "4").ExitCode, Is.EqualTo(18));
    }

    [Test]
    public void A_plain_model_exits_with_14() =>
        Assert.That(CliRun.Of("verify", TestData.Digits, "--key", _digits.Key).ExitCode, Is.EqualTo(14));

    [Test]
    public void A_key_may_come_from_standard_input()
    {
        var key = File.ReadAllBytes(_digits.Key);
        string[] arguments = ["verify", _digits.Path, "--key", "-"];

        Assert.That(CliRun.With(arguments, new MemoryStream(key)).ExitCode, Is.Zero);
        Assert.That(CliRun.With(arguments, new MemoryStream(key[..31])).ExitCode, Is.EqualTo(20));
        Assert.That(CliRun.With(arguments, new MemoryStream([.. key, 0])).ExitCode, Is.EqualTo(20));
    }

    [Test]
    public void A_key_file_of_another_length_exits_with_20()
    {
        File.WriteAllBytes(_digits["short.key"], new byte[31]);

        Assert.That(CliRun.Of("verify", _digits.Path, "--key", _digits["short.key"]).ExitCode, Is.EqualTo(20));
    }

    [Test]
    public void A_key_may_come_from_the_environment()
    {
        var key = File.ReadAllBytes(_digits.Key);

        Assert.That(WithVariable("SAFETENSOR_TEST_KEY", Convert.ToBase64String(key)), Is.Zero);
        Assert.That(WithVariable("SAFETENSOR_TEST_KEY", Convert.ToHexString(key)), Is.Zero);
        Assert.That(WithVariable("SAFETENSOR_TEST_KEY", "not a key"), Is.EqualTo(20));
        Assert.That(WithVariable("SAFETENSOR_OTHER_KEY", Convert.ToBase64String(key)), Is.EqualTo(20));
    }

    [Test]
    public async Task Cancelling_while_a_key_is_awaited_exits_with_130()
    {
        using var stop = new CancellationTokenSource();
        using var never = new NeverEndingStream();
        var run = Task.Run(() => CliRun.With(["verify", _digits.Path, "--key", "-", "--json"], never, stop.Token));

        await never.ReadStarted;
        await stop.CancelAsync();
        var result = await run;

        Assert.That(result.ExitCode, Is.EqualTo(130));
        Assert.That(result.Json.GetProperty("error").GetProperty("code").GetString(), Is.EqualTo("Cancelled"));
    }

    [Test]
    public void Ctrl_C_while_a_key_is_awaited_exits_with_130_and_says_so()
    {
        using var process = CliProcess.Start(["verify", _digits.Path, "--key", "-", "--json"]);
        Assert.That(process.StandardError.ReadLine(), Does.Contain("standard input"));

        using var kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        kill.WaitForExit();
        Assert.That(process.WaitForExit(TimeSpan.FromSeconds(30)), Is.True, "it ends");

        Assert.That(process.ExitCode, Is.EqualTo(130));
        Assert.That(process.StandardOutput.ReadToEnd(), Does.Contain("\"Cancelled\""));
    }

    // The library reads the process's own block of variables, so that only a process of its own has others.
    private int WithVariable(string name, string value) =>
        CliProcess.Run(["verify", _digits.Path, "--key", "env:SAFETENSOR_TEST_KEY"], (name, value)).ExitCode;

    private void Flip(string file)
    {
        var path = Path.Combine(_digits.Path, file);
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
    }
}
