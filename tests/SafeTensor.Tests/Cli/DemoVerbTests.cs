using System.Text.Json;
using NUnit.Framework;
using SafeTensor.Cli.Demo;

namespace SafeTensor.Tests.Cli;

/// <summary><c>demo</c> shows what the README promises.</summary>
public sealed class DemoVerbTests
{
    private static readonly string[] Codes = ["WrongKey", "Tampered", "WrongPackage", "WrongPackage", "ModelInvalid"];

    // The model misreads the second picture, a 5.
    private static readonly int[] Predicted = [1, 6, 6, 7, 3, 3, 8, 5, 1, 2];

    [Test]
    public void The_tour_refuses_reads_and_counts()
    {
        // In a process of its own: other tests' models have the same weights.
        var run = CliProcess.Run(["demo", "--json"]);

        Assert.That(run.ExitCode, Is.Zero, run.Output);
        var json = run.Json;
        Assert.That(json.GetProperty("refusals").EnumerateArray().Select(refusal => refusal.GetProperty("code").GetString()), Is.EqualTo(Codes));
        Assert.That(json.GetProperty("predictions").EnumerateArray().Select(prediction => prediction.GetProperty("predicted").GetInt32()), Is.EqualTo(Predicted));
        Assert.That(json.GetProperty("equalOutputs").GetInt32(), Is.EqualTo(10));
        var copies = json.GetProperty("weightCopies");
        Assert.That(copies.GetProperty("beforeLoad").GetInt32(), Is.Zero);
        Assert.That(copies.GetProperty("loaded").GetInt32(), Is.EqualTo(1));
        Assert.That(copies.GetProperty("disposed").GetInt32(), Is.Zero);
    }

    [Test]
    public void The_tour_draws_ten_digits_and_leaves_no_files()
    {
        using var folder = new TemporaryFolder();

        var run = CliProcess.Run(["demo"], ("TMPDIR", folder.Path));

        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("████").And.Contains("What an attacker sees").And.Contains("10 of 10"));
        Assert.That(run.Output.Split('%'), Has.Length.GreaterThan(10));
        Assert.That(Directory.GetFileSystemEntries(folder.Path).Where(entry => entry.Contains("safetensor", StringComparison.Ordinal)), Is.Empty);
    }

    [TestCase("relax-digits", 10)]
    [TestCase("relax-digits-dynamic", 10)]
    [TestCase("relax-multi", 0)]
    public void The_tour_shows_any_model(string name, int digits)
    {
        var library = TestRuntime.RelaxLibrary;

        var run = CliProcess.Run(["demo", TestData.SharedFolder("models", name), "--runtime", library, "--json"]);

        Assert.That(run.ExitCode, Is.Zero, run.Output);
        var json = run.Json;
        Assert.That(json.GetProperty("model").GetString(), Is.EqualTo(name));
        Assert.That(json.GetProperty("refusals").EnumerateArray().Select(refusal => refusal.GetProperty("code").GetString()), Is.SupersetOf(new[] { "WrongKey", "WrongPackage", "ModelInvalid" }));
        Assert.That(
            json.GetProperty("predictions").EnumerateArray().Select(prediction => prediction.GetProperty("predicted").GetInt32()),
            Is.EqualTo(json.GetProperty("predictions").EnumerateArray().Select(prediction => prediction.GetProperty("label").GetInt32())).And.Exactly(digits).Items);
        Assert.That(json.GetProperty("equalOutputs").GetInt32(), Is.EqualTo(json.GetProperty("comparedOutputs").GetInt32()).And.Positive);
        var copies = json.GetProperty("weightCopies");
        Assert.That(
            (copies.GetProperty("beforeLoad").GetInt32(), copies.GetProperty("loaded").GetInt32(), copies.GetProperty("disposed").GetInt32()), Is.EqualTo((0, 1, 0)));
    }

    [Test]
    public void The_tour_shows_a_model_whose_weights_are_in_its_code()
    {
        var run = CliProcess.Run(["demo", TestData.SharedFolder("models", "digits-factory"), "--json"]);

        Assert.That(run.ExitCode, Is.Zero, run.Output);
        Assert.That(run.Json.GetProperty("weightCopies").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public void The_scan_finds_each_copy_and_not_itself()
    {
        using var folder = new TemporaryFolder();
        var weights = GC.AllocateUninitializedArray<byte>(64 << 10, pinned: true);
        new Random(7).NextBytes(weights);
        File.WriteAllBytes(folder["weights"], weights);
        var markers = Markers.Of(folder["weights"]);

        var one = MemoryScan.Run(markers).Copies;
        var second = GC.AllocateUninitializedArray<byte>(weights.Length, pinned: true);
        weights.CopyTo(second, 0);
        var two = MemoryScan.Run(markers).Copies;
        Array.Clear(weights);
        Array.Clear(second);
        var none = MemoryScan.Run(markers).Copies;

        Assert.That((one, two, none), Is.EqualTo((1, 2, 0)));
        GC.KeepAlive(weights);
        GC.KeepAlive(second);
    }
}
