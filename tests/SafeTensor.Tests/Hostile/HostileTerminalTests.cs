using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NUnit.Framework;
using SafeTensor.Cli;
using SafeTensor.Cli.Demo;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests;

/// <summary>Whatever a package, a file's name or an argument says, every verb shows it, on a terminal and elsewhere, and its JSON is JSON.</summary>
public sealed partial class HostileTerminalTests
{
    private string? _term;
    private string? _noColor;
    private TemporaryFolder _folder = null!;

    private string Key => _folder["a.key"];

    [SetUp]
    public void AssumeATerminal()
    {
        (_term, _noColor) = (Environment.GetEnvironmentVariable("TERM"), Environment.GetEnvironmentVariable("NO_COLOR"));
        Environment.SetEnvironmentVariable("TERM", "xterm-256color");
        Environment.SetEnvironmentVariable("NO_COLOR", null);
        _folder = new TemporaryFolder();
        CliRun.Of("keygen", Key);
    }

    [TearDown]
    public void Delete()
    {
        Environment.SetEnvironmentVariable("TERM", _term);
        Environment.SetEnvironmentVariable("NO_COLOR", _noColor);
        _folder.Dispose();
    }

    [Test]
    public void Every_verb_shows_hostile_names_and_obeys_none([Range(0, 4)] int which)
    {
        HostileModel.RequireReaderOfEscapes();
        var text = HostileText.All[which];
        var file = HostileText.AsFileName(text);
        var source = HostileModel.Make(_folder, text, file);
        HostileModel.EditGraph(source, "\"heads\": [", "\"heads\": [[14, 0, 0], ");
        var package = _folder[file + " sealed"];
        var options = new SealOptions { ModelId = text, Producer = text, ClearTensors = [HostileModel.WeightName(text)], ClearGraph = true };
        ModelSealer.Seal(source, package, File.ReadAllBytes(Key), options);

        Assert.That(CliRun.Of("inspect", package).Output, Does.Contain($" {TerminalText.Escape(text)}, version 1 "), "all of it, and no markup");
        Shows(0, "inspect", package);
        Shows(0, "verify", package, "--key", Key);
        Shows(0, "run", package, "--key", Key);
        Shows(0, "run", "--plain", source);
        Shows(0, "seal", source, package, "--key", Key, "--overwrite", "--model-id", HostileText.AsFileName(text));
        Shows(2, "seal", source, package, "--key", Key);
        Shows(2, "seal", source, _folder["other"], "--key", Key, "--clear", file);
        Shows(file.Contains('=', StringComparison.Ordinal) ? 3 : 2, "run", package, "--key", Key, "--input", $"{file}={Written(file + ".npy")}");
        Shows(2, "run", package, "--key", Key, "--input", Written(file + ".png"));
        Shows(3, "run", package, "--key", Key, "--input", _folder[file + ".none"]);
        Shows(2, "run", package, "--key", Key, "--input", Written(file + ".txt"));
        Shows(13, "verify", package, "--key", Key, "--model-id", file + "x");
        Shows(21, "run", "--plain", Written(file + ".tar"));
        Shows(3, "inspect", _folder[file + " none"]);

        // What is as long as a key could be one.
        var isLong = file.Length > 100;
        Shows(isLong ? 2 : 3, "verify", package, "--key", _folder[file + ".none"]);
        Shows(isLong ? 2 : 20, "verify", package, "--key", "env:" + file);
        Shows(20, "verify", package, "--key", Written(file + ".key"));
        Shows(3, "run", package, "--key", Key, "--runtime", _folder[file + ".none"]);
        Shows(2, "keygen", source);
        Shows(2, file);
        Shows(2, "inspect", package, file);
        Shows(2, "inspect", package, "--" + file);
        Shows(2, "seal", source, package, "--key", Key, "--suite", file);
        Shows(2, "seal", source, package, "--key", Key, "--not-after", file);
        Shows(2, "seal", source, package, "--key", Key, "--model-version", file);
    }

    [Test]
    public void Signing_and_what_is_signed_are_shown_harmlessly([Range(0, 4)] int which)
    {
        var file = HostileText.AsFileName(HostileText.All[which]);
        using var publisher = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (package, privateKey, publicKey) = (_folder[file], _folder[file + ".key.pem"], _folder[file + ".pem"]);
        ModelSealer.Seal(TestData.Digits, package, File.ReadAllBytes(Key));
        File.WriteAllText(privateKey, publisher.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(publicKey, publisher.ExportSubjectPublicKeyInfoPem());

        Shows(19, "verify", package, "--publisher", publicKey);
        Shows(0, "sign", package, "--key", privateKey);
        Shows(0, "verify", package, "--publisher", publicKey);
        Shows(2, "sign", package, "--key", publicKey);
        Shows(3, "sign", package, "--key", _folder[file + ".none"]);
        Shows(2, "verify", package, "--publisher", Written(file + ".txt"));
        Shows(3, "verify", package, "--publisher", _folder[file + ".none"]);
        File.WriteAllText(privateKey, publisher.ExportEncryptedPkcs8PrivateKeyPem("password", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1)));
        Shows(2, "sign", package, "--key", privateKey, "--password-env", file);
        File.WriteAllText(privateKey, $"-----BEGIN PRIVATE KEY-----\n{file}\n-----END PRIVATE KEY-----");
        Shows(2, "sign", package, "--key", privateKey);
        File.WriteAllText(publicKey, $"-----BEGIN {file}-----\nAAAA\n-----END {file}-----");
        Shows(2, "verify", package, "--publisher", publicKey);
    }

    [Test]
    public void A_new_key_of_a_hostile_name_is_named_harmlessly()
    {
        foreach (var text in HostileText.All)
        {
            Shows(0, "keygen", _folder[HostileText.AsFileName(text)]);
            File.Delete(_folder[HostileText.AsFileName(text)]);
            Shows(3, "keygen", Path.Combine(_folder[HostileText.AsFileName(text)], "a.key"));
        }
    }

    [Test]
    public void Every_kind_of_failure_is_shown_harmlessly()
    {
        foreach (var text in HostileText.All.Append("\ud800EVIL\udc00"))
        {
            foreach (var failure in new[]
            {
                Failure.From(new SafeModelException(SafeModelError.Tampered, text, text)), Failure.From(new ArgumentException(text, "name")), Failure.From(new IOException(text)),
                Failure.From(new InvalidOperationException(text)), Failure.Usage(text), Failure.From(new UsageException(text)),
            })
            {
                using StringWriter output = new(), error = new();
                var terminal = New(output, error);
                failure.Report(terminal, asJson: false);
                failure.Report(terminal, asJson: true);
                AssertTerminal(error.ToString());
                AssertJson(output.ToString());
            }
        }
    }

    [Test]
    public void The_demos_report_shows_hostile_words_harmlessly()
    {
        foreach (var text in HostileText.All)
        {
            var times = new DemoTimes(TimeSpan.Zero, 1, TimeSpan.Zero, 1);
            var digit = new DemoDigit(text, 7, new byte[64], new float[64]);
            var result = new DemoResult(
                text, new PackageInfo { ModelId = text, Path = text, Producer = text }, [("another key", new SafeModelException(SafeModelError.Tampered, text, text))],
                [new DemoPrediction(digit, 7, 1)], 1, 1, times, times, new WeightCopies(0, 1, 0, 1), text, ProtectionLevel.Locked);
            using StringWriter output = new(), json = new();
            DemoReport.Write(New(output, output).Out, result);
            New(json, json).WriteJson(writer => DemoReport.WriteJson(writer, result));
            AssertTerminal(output.ToString());
            AssertJson(json.ToString());
        }
    }

    [Test]
    public void The_library_and_the_command_line_escape_the_same_characters()
    {
        // All of the planes that have most characters, and some of the others.
        for (var value = 0; value <= 0x10FFFF; value += value is < 0x20000 or (>= 0xE0000 and < 0xE0200) ? 1 : 0x7F)
        {
            if (Rune.IsValid(value))
            {
                var text = new Rune(value).ToString();
                var escaped = TerminalText.Escape(text);
                if (SafeText.Escape(text) != escaped || (escaped == text && !IsShown(text)))
                {
                    Assert.Fail($"U+{value:x}: {SafeText.Escape(text)} {escaped}");
                }
            }
        }

        Assert.That(SafeText.Escape("\ud800"), Is.EqualTo(TerminalText.Escape("\ud800")));

        static bool IsShown(string text) => char.GetUnicodeCategory(text, 0) is not (System.Globalization.UnicodeCategory.Control or System.Globalization.UnicodeCategory.Format
            or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator);
    }

    // Wide, so that no line is folded and every end of a line is somebody's.
    private static Terminal New(TextWriter output, TextWriter error)
    {
        var terminal = new Terminal(output, outputIsTerminal: true, error, errorIsTerminal: true, () => Stream.Null);
        terminal.Out.Profile.Width = terminal.Error.Profile.Width = 10_000;
        return terminal;
    }

    // On a terminal, elsewhere, and as JSON.
    private static void Shows(int exitCode, params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        var onTerminal = CommandLine.RunAsync(WithRuntime(arguments), New(output, error), CancellationToken.None).GetAwaiter().GetResult();
        if (arguments[0] == "keygen" && exitCode == 0)
        {
            File.Delete(arguments[1]);
        }

        var plain = CliRun.Of(arguments);
        if (arguments[0] == "keygen" && exitCode == 0)
        {
            File.Delete(arguments[1]);
        }

        var json = CliRun.Of([.. arguments, "--json"]);

        Assert.That((onTerminal, plain.ExitCode, json.ExitCode), Is.EqualTo((exitCode, exitCode, exitCode)), $"{string.Join(' ', arguments.Select(TerminalText.Escape))}: {plain.Error} {json.Output}");
        AssertTerminal(output.ToString());
        AssertTerminal(error.ToString());
        HostileText.AssertHarmlessLines(plain.Output);
        HostileText.AssertHarmlessLines(plain.Error);
        AssertJson(json.Output);
        HostileText.AssertHarmlessLines(json.Error);
    }

    private static string[] WithRuntime(string[] arguments) =>
        TestRuntime.Library is { } library && arguments is ["run", ..] && !arguments.Contains("--runtime") ? [.. arguments, "--runtime", library] : arguments;

    // Colours and the progress bar's own commands aside, which no hostile text can be taken for: it would stand behind one.
    private static void AssertTerminal(string shown)
    {
        Assert.That(Steered().IsMatch(shown), Is.False, HostileText.Visible(shown));
        HostileText.AssertHarmlessLines(Commands().Replace(shown, ""));
    }

    private static void AssertJson(string output)
    {
        Assert.That(output.TrimEnd('\n'), Does.Match("^[ -~]+$"));
        Assert.That(JsonDocument.Parse(output).RootElement.ValueKind, Is.EqualTo(JsonValueKind.Object));
    }

    private string Written(string name)
    {
        File.WriteAllText(_folder[name], "nothing of use");
        return _folder[name];
    }

    [GeneratedRegex("[\u0000-\u001f\u007f-\u009f]([^A-Za-z]*[A-Za-z])?EVIL")]
    private static partial Regex Steered();

    [GeneratedRegex("\u001b\\[(\\?25[lh]|[0-9;]*m|[0-9]*[AK])|\r")]
    private static partial Regex Commands();
}
