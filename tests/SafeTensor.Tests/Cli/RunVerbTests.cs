using NUnit.Framework;
using SafeTensor.Cli.Inputs;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Cli;

/// <summary><c>run</c>: inputs in, outputs out, in the table, as JSON and as files.</summary>
public sealed class RunVerbTests
{
    private const string Scale = "0.004166667";

    private SealedDigits _digits = null!;

    [SetUp]
    public void Seal() => _digits = new SealedDigits();

    [TearDown]
    public void Delete() => _digits.Dispose();

    [Test]
    public void Json_has_the_members_that_scripts_read()
    {
        var run = Run("--input", SealedDigits.Image(0), "--scale", Scale, "--json");

        Assert.That(run.ExitCode, Is.Zero, run.Output);
        var json = run.Json;
        Assert.That(json.GetProperty("model").GetProperty("id").GetString(), Is.EqualTo("digits"));
        Assert.That(json.GetProperty("model").GetProperty("version").GetInt32(), Is.EqualTo(1));
        Assert.That(json.GetProperty("runtime").GetString(), Is.Not.Empty);
        Assert.That(json.GetProperty("protection").GetProperty("level").GetString(), Is.AnyOf(Enum.GetNames<ProtectionLevel>()));
        Assert.That(json.GetProperty("loadMilliseconds").GetDouble(), Is.Positive);
        Assert.That(json.GetProperty("runMilliseconds").GetDouble(), Is.Positive);
        var output = json.GetProperty("outputs")[0];
        Assert.That(output.GetProperty("name").GetString(), Is.EqualTo("output0"));
        Assert.That(output.GetProperty("elementType").GetString(), Is.EqualTo("Float32"));
        Assert.That(output.GetProperty("shape").EnumerateArray().Select(length => length.GetInt32()), Is.EqualTo(new[] { 1, 10 }));
        Assert.That(output.TryGetProperty("file", out _), Is.False);
        Assert.That(Best(run), Is.EqualTo(1));
    }

    [Test]
    public void Every_kind_of_input_file_gives_the_same_outputs()
    {
        var pixels = InputFile.Read(SealedDigits.Image(3), new TensorInfo("image", ElementType.Float32, [1, 1, 8, 8]), 1 / 240.0);
        NpyFile.Write(_digits["image.npy"], pixels);
        File.WriteAllBytes(_digits["image.bin"], pixels.Bytes.ToArray());
        File.WriteAllText(_digits["image.json"], $"[{string.Join(',', pixels.ToArray<float>().Select(pixel => pixel.ToString("R")))}]");

        var outputs = new[] { "image.npy", "image.bin", "image.json" }
            .Select(file => Run("--input", $"image={_digits[file]}", "--json").Json.GetProperty("outputs")[0].GetProperty("data").GetRawText()).ToList();

        Assert.That(outputs, Is.All.EqualTo(outputs[0]));
        Assert.That(Best(Run("--input", _digits["image.npy"], "--json")), Is.EqualTo(7));
    }

    [Test]
    public void Outputs_are_written_as_npy_files()
    {
        var run = Run("--input", SealedDigits.Image(0), "--scale", Scale, "--output-dir", _digits["out"], "--json");

        var output = run.Json.GetProperty("outputs")[0];
        var value = NpyFile.Read(output.GetProperty("file").GetString()!, ElementType.Float32);
        Assert.That(Directory.GetFiles(_digits["out"]).Select(Path.GetFileName), Is.EqualTo(new[] { "output0.npy" }));
        Assert.That(output.TryGetProperty("data", out _), Is.False);
        Assert.That(value.Shape, Is.EqualTo(new long[] { 1, 10 }));
        Assert.That(value.ToSingles().Max(), Is.EqualTo(value.AsSpan<float>()[1]));
    }

    [Test]
    public void The_table_shows_the_largest_value_and_remarks_go_to_the_error_stream()
    {
        var run = Run("--input", SealedDigits.Image(0), "--scale", Scale);

        Assert.That(run.Output, Does.Contain("output0: float32[1,10]").And.Contains(" at 1 "));
        Assert.That(run.Error, Does.Contain("digits, version 1").And.Contains("protection"));
    }

    [Test]
    public void Without_an_input_it_runs_on_zeros_and_says_so()
    {
        var run = Run("--json");

        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Error, Does.Contain("zeros"));
    }

    [Test]
    public void A_plain_model_runs_with_plain_and_gives_the_same_numbers()
    {
        string[] input = ["--input", SealedDigits.Image(5), "--scale", Scale, "--json"];

        var plain = CliRun.Of(["run", TestData.Digits, "--plain", .. input]);

        Assert.That(plain.ExitCode, Is.Zero, plain.Output);
        Assert.That(plain.Json.GetProperty("model").ValueKind, Is.EqualTo(System.Text.Json.JsonValueKind.Null));
        Assert.That(plain.Json.GetProperty("outputs").GetRawText(), Is.EqualTo(Run(input).Json.GetProperty("outputs").GetRawText()));
    }

    [TestCase("--load-path", "load-params")]
    [TestCase("--load-path", "in-place")]
    [TestCase("--threads", "1")]
    [TestCase("--device", "cpu")]
    [TestCase("--require", "sealed")]
    [TestCase("--model-id", "digits")]
    public void Model_options_are_taken(string option, string value) =>
        Assert.That(Run(option, value, "--json").ExitCode, Is.Zero);

    [Test]
    public void Protection_that_cannot_be_had_exits_with_23() =>
        Assert.That(Run("--require", "secret", "--json").Json.GetProperty("error").GetProperty("code").GetString(), Is.EqualTo("ProtectionUnavailable"));

    [Test]
    public void A_runtime_that_is_no_library_is_an_error_that_names_it()
    {
        File.WriteAllText(_digits["runtime.so"], "no library");

        var run = CliProcess.Run(["run", _digits.Path, "--key", _digits.Key, "--runtime", _digits["runtime.so"]]);

        Assert.That(run.ExitCode, Is.Not.Zero);
        Assert.That(run.Error, Does.Contain(_digits["runtime.so"]));
    }

    [Test]
    public void Inputs_that_do_not_fit_exit_with_2_and_name_both_sides()
    {
        NpyFile.Write(_digits["wrong.npy"], TensorValue.Create(new double[64], 1, 1, 8, 8));

        var wrongType = Run("--input", _digits["wrong.npy"]);
        var wrongName = Run("--input", $"picture={_digits["wrong.npy"]}");
        var twice = Run("--input", SealedDigits.Image(0), "--input", $"image={SealedDigits.Image(1)}");

        Assert.That((wrongType.ExitCode, wrongName.ExitCode, twice.ExitCode), Is.EqualTo((2, 2, 2)));
        Assert.That(wrongType.Error, Does.Contain("float32[1,1,8,8]").And.Contains("[1,1,8,8] was given").IgnoreCase);
        Assert.That(wrongName.Error, Does.Contain("picture").And.Contains("image: float32[1,1,8,8]"));
        Assert.That(twice.Error, Does.Contain("twice"));
    }

    [Test]
    public void Another_key_exits_with_11_and_a_plain_model_with_14()
    {
        CliRun.Of("keygen", _digits["other.key"]);

        Assert.That(CliRun.Of("run", _digits.Path, "--key", _digits["other.key"]).ExitCode, Is.EqualTo(11));
        Assert.That(CliRun.Of("run", TestData.Digits, "--key", _digits.Key).ExitCode, Is.EqualTo(14));
        Assert.That(CliRun.Of("run", _digits.Path, "--plain").ExitCode, Is.EqualTo(21));
    }

    private CliRun Run(params string[] arguments) => CliRun.Of(["run", _digits.Path, "--key", _digits.Key, .. arguments]);

    private static int Best(CliRun run)
    {
        var data = run.Json.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(element => element.GetSingle()).ToList();
        return data.IndexOf(data.Max());
    }
}
