using NUnit.Framework;

namespace SafeTensor.Tests.Cli;

/// <summary><c>keygen</c>, <c>seal</c>, <c>inspect</c> and <c>verify</c>.</summary>
public sealed class SealVerbTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void Keygen_makes_32_bytes_for_the_owner_alone_and_never_again()
    {
        var run = CliRun.Of("keygen", _folder["a.key"]);
        var key = File.ReadAllBytes(_folder["a.key"]);
        var again = CliRun.Of("keygen", _folder["a.key"], "--json");

        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Output.Trim(), Is.EqualTo(_folder["a.key"]));
        Assert.That(key, Has.Length.EqualTo(32));
        Assert.That(File.GetUnixFileMode(_folder["a.key"]), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.That(again.ExitCode, Is.EqualTo(2));
        Assert.That(again.Json.GetProperty("error").GetProperty("message").GetString(), Does.Contain("exists already"));
        Assert.That(File.ReadAllBytes(_folder["a.key"]), Is.EqualTo(key));
    }

    [Test]
    public void Keygen_says_in_json_where_the_key_is() =>
        Assert.That(CliRun.Of("keygen", _folder["a.key"], "--json").Json.GetProperty("path").GetString(), Is.EqualTo(_folder["a.key"]));

    [Test]
    public void Seal_says_what_it_made_and_inspect_that_nobody_vouches_for_it()
    {
        CliRun.Of("keygen", _folder["a.key"]);
        string[] options =
        [
            "--model-id", "numbers", "--model-version", "7", "--not-after", "2099-12-31", "--suite", "chacha20poly1305",
            "--segment-size", "65536", "--clear", "p0", "--clear", "p7", "--clear-graph",
        ];

        var made = CliRun.Of(["seal", TestData.Digits, _folder["sealed"], "--key", _folder["a.key"], "--json", .. options]);
        var inspected = CliRun.Of("inspect", _folder["sealed"], "--json");

        Assert.That((made.ExitCode, inspected.ExitCode), Is.EqualTo((0, 0)), made.Error + inspected.Error);
        var json = made.Json;
        Assert.That(json.GetProperty("isAuthenticated").GetBoolean(), Is.True);
        Assert.That(json.GetProperty("modelId").GetString(), Is.EqualTo("numbers"));
        Assert.That(json.GetProperty("modelVersion").GetInt32(), Is.EqualTo(7));
        Assert.That(json.GetProperty("notAfter").GetDateTimeOffset(), Is.EqualTo(new DateTimeOffset(2099, 12, 31, 23, 59, 59, TimeSpan.Zero)));
        Assert.That(json.GetProperty("suite").GetString(), Is.EqualTo("ChaCha20Poly1305"));
        Assert.That(json.GetProperty("segmentSize").GetInt32(), Is.EqualTo(65536));
        Assert.That(json.GetProperty("clearTensors").EnumerateArray().Select(name => name.GetString()), Is.EquivalentTo(new[] { "p0", "p7" }));
        Assert.That(json.GetProperty("isCodeSealed").GetBoolean(), Is.True);
        Assert.That(json.GetProperty("isGraphSealed").GetBoolean(), Is.False);
        Assert.That(inspected.Json.GetProperty("inputs")[0].GetRawText(), Is.EqualTo("""{"name":"image","elementType":"Float32","shape":[1,1,8,8]}"""));
        Assert.That(inspected.Json.GetProperty("outputs")[0].GetProperty("name").GetString(), Is.EqualTo("output0"));
        Assert.That(inspected.Json.GetProperty("isAuthenticated").GetBoolean(), Is.False);
        Assert.That(inspected.Json.GetProperty("fileId").GetString(), Is.EqualTo(json.GetProperty("fileId").GetString()));
        Assert.That(CliRun.Of("inspect", _folder["sealed"]).Output, Does.Contain("anybody can have written this").And.Contains("numbers, version 7"));
    }

    [Test]
    public void Seal_replaces_nothing_unless_told_to()
    {
        using var digits = new SealedDigits();
        var before = File.ReadAllBytes(Path.Combine(digits.Path, "mod.params"));

        var refused = CliRun.Of("seal", TestData.Digits, digits.Path, "--key", digits.Key);
        Assert.That(refused.ExitCode, Is.EqualTo(2));
        Assert.That(refused.Error, Does.Contain("--overwrite"));
        Assert.That(File.ReadAllBytes(Path.Combine(digits.Path, "mod.params")), Is.EqualTo(before));

        var replaced = CliRun.Of("seal", TestData.Digits, digits.Path, "--key", digits.Key, "--overwrite");
        Assert.That(replaced.ExitCode, Is.Zero, replaced.Error);
        Assert.That(File.ReadAllBytes(Path.Combine(digits.Path, "mod.params")), Is.Not.EqualTo(before));
    }

    [Test]
    public void A_bad_segment_size_is_wrong_usage_and_leaves_nothing_behind()
    {
        CliRun.Of("keygen", _folder["a.key"]);

        var run = CliRun.Of("seal", TestData.Digits, _folder["sealed"], "--key", _folder["a.key"], "--segment-size", "1000");

        Assert.That(run.ExitCode, Is.EqualTo(2));
        Assert.That(run.Error, Does.Contain("1000").And.Not.Contains("Parameter"));
        Assert.That(Directory.GetFileSystemEntries(_folder.Path), Is.EqualTo(new[] { _folder["a.key"] }));
    }

    [Test]
    public void Inspect_escapes_what_a_hostile_vendor_writes()
    {
        CliRun.Of("keygen", _folder["a.key"]);
        var seal = CliRun.Of("seal", TestData.Digits, _folder["sealed"], "--key", _folder["a.key"], "--model-id", "[red]\u202Edigits");

        var run = CliRun.Of("inspect", _folder["sealed"]);

        Assert.That((seal.ExitCode, run.ExitCode), Is.EqualTo((0, 0)), seal.Error + run.Error);
        Assert.That(run.Output, Does.Contain("[red]\\u{202e}digits"));
    }

    [Test]
    public void Inspect_of_a_plain_model_exits_with_14()
    {
        var run = CliRun.Of("inspect", TestData.Digits, "--json");

        Assert.That(run.ExitCode, Is.EqualTo(14));
        Assert.That(run.Json.GetProperty("error").GetProperty("code").GetString(), Is.EqualTo("NotEncrypted"));
    }
}
