using System.Formats.Tar;
using NUnit.Framework;

namespace SafeTensor.Tests.Cli;

/// <summary>A tar and a lone library on the command line, in place of a folder.</summary>
public sealed class SourceVerbTests
{
    private TemporaryFolder _folder = null!;
    private string _tar = null!;

    [SetUp]
    public void Pack()
    {
        _folder = new TemporaryFolder();
        _tar = TarFile.Pack(_folder["numbers.tar"], TestData.Digits, TarEntryFormat.Pax, ("mod.so", "mod.so"), ("mod.json", "mod.json"), ("mod.params", "mod.params"));
        CliRun.Of("keygen", _folder["a.key"]);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_tar_is_sealed_under_its_name_and_runs_as_its_folder_does()
    {
        var made = CliRun.Of("seal", _tar, _folder["sealed"], "--key", _folder["a.key"], "--json");
        string[] input = ["--input", SealedDigits.Image(3), "--scale", "0.004166667", "--json"];
        var run = CliRun.Of(["run", _folder["sealed"], "--key", _folder["a.key"], .. input]);
        var plain = CliRun.Of(["run", "--plain", _tar, .. input]);

        Assert.That((made.ExitCode, run.ExitCode, plain.ExitCode), Is.EqualTo((0, 0, 0)), made.Output + run.Output + plain.Output);
        Assert.That(made.Json.GetProperty("modelId").GetString(), Is.EqualTo("numbers"));
        Assert.That(run.Json.GetProperty("outputs").GetRawText(), Is.EqualTo(plain.Json.GetProperty("outputs").GetRawText()));
        Assert.That(run.Json.GetProperty("outputs").GetRawText(), Is.EqualTo(CliRun.Of(["run", "--plain", TestData.Digits, .. input]).Json.GetProperty("outputs").GetRawText()));
    }

    [Test]
    public void A_library_is_sealed_under_its_name()
    {
        File.Copy(Path.Combine(TestData.Digits, "mod.so"), _folder["net.so"]);

        var made = CliRun.Of("seal", _folder["net.so"], _folder["sealed"], "--key", _folder["a.key"], "--json");

        Assert.That(made.ExitCode, Is.Zero, made.Output);
        Assert.That(made.Json.GetProperty("modelId").GetString(), Is.EqualTo("net"));
        Assert.That(made.Json.GetProperty("tensorCount").GetInt32(), Is.Zero);
        Assert.That(CliRun.Of("verify", _folder["sealed"], "--key", _folder["a.key"]).ExitCode, Is.Zero);
    }

    [Test]
    public void A_source_that_is_no_model_exits_with_21_and_a_folder_without_one_with_3()
    {
        File.WriteAllBytes(_folder["model.tar.gz"], [0x1F, 0x8B, 8, 0]);
        var compressed = CliRun.Of("run", "--plain", _folder["model.tar.gz"]);
        var empty = CliRun.Of("seal", Directory.CreateDirectory(_folder["empty"]).FullName, _folder["sealed"], "--key", _folder["a.key"]);

        Assert.That(compressed.ExitCode, Is.EqualTo(21));
        Assert.That(compressed.Error, Does.Contain("model.tar.gz is compressed").And.Contains("Unpack it"));
        Assert.That(empty.ExitCode, Is.EqualTo(3));
        Assert.That(empty.Error, Does.Contain("There is no model in").And.Contains("mod.so"));
        Assert.That(_folder["sealed"], Does.Not.Exist);
    }

    [Test]
    public void A_tar_in_place_of_a_package_is_no_package()
    {
        var run = CliRun.Of("run", _tar, "--key", _folder["a.key"]);

        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Error, Does.Contain("is not a folder"));
    }
}
