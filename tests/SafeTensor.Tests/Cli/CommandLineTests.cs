using NUnit.Framework;
using SafeTensor.Cli;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Cli;

/// <summary>What all verbs share: help, wrong usage, exit codes, JSON for failures.</summary>
public sealed class CommandLineTests
{
    private static readonly string[] Verbs = ["keygen", "seal", "sign", "inspect", "verify", "run", "demo", "bench load", "doctor"];

    [TestCaseSource(nameof(Verbs))]
    public void Help_of_every_verb_ends_with_two_examples(string verb)
    {
        var run = CliRun.Of([.. verb.Split(' '), "--help"]);

        var examples = run.Output[run.Output.IndexOf("Examples:", StringComparison.Ordinal)..].Trim().Split('\n')[1..];
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(examples, Has.Length.EqualTo(2).And.All.Contains($"safetensor {verb}"));
        Assert.That(run.Error, Is.Empty);
    }

    [Test]
    public void Help_lists_the_verbs_and_no_others()
    {
        var lines = CliRun.Of("--help").Output.Split('\n').SkipWhile(line => line != "Commands:").Skip(1);

        Assert.That(lines.Select(line => line.Trim().Split(' ')[0]).Where(word => word.Length > 0), Is.EqualTo(Verbs.Select(verb => verb.Split(' ')[0])));
        Assert.That(CliRun.Of("bench", "--help").Output, Does.Contain("load <PATH>").And.Not.Contains("measure-load"));
    }

    [Test]
    public void No_verb_at_all_exits_with_2() => Assert.That(CliRun.Of().ExitCode, Is.EqualTo(2));

    [TestCase("paint")]
    [TestCase("inspect")]
    [TestCase("inspect", "a", "b")]
    [TestCase("inspect", "a", "--unknown")]
    [TestCase("seal", "a", "b")]
    [TestCase("seal", "a", "b", "--key", "k", "--suite", "rot13")]
    [TestCase("seal", "a", "b", "--key", "k", "--not-after", "tomorrow")]
    [TestCase("seal", "a", "b", "--key", "k", "--model-version", "-1")]
    [TestCase("run", "a")]
    [TestCase("run", "a", "--key", "k", "--plain")]
    [TestCase("run", "a", "--key", "k", "--device", "cuda:0")]
    [TestCase("run", "a", "--key", "k", "--scale", "0.5")]
    [TestCase("run", "a", "--key", "k", "--require", "magic")]
    public void A_wrong_command_line_exits_with_2(params string[] arguments)
    {
        var run = CliRun.Of(arguments);
        var json = CliRun.Of([.. arguments, "--json"]);

        Assert.That((run.ExitCode, json.ExitCode), Is.EqualTo((2, 2)));
        Assert.That(run.Output, Is.Empty);
        Assert.That(run.Error, Does.StartWith("error: ").And.Contains("(Usage)"));
        Assert.That(json.Json.GetProperty("error").GetProperty("code").GetString(), Is.EqualTo("Usage"));
        Assert.That(json.Error, Is.Empty);
    }

    [TestCase("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    [TestCase("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")]
    [TestCase("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")]
    [TestCase("AAECAwQFBgcICQoL-_0ODxAREhMUFRYXGBkaGxwdHh8")]
    [TestCase("AAECAwQFBg/ICQoLDA+ODxAREhMUFRYXGBk/GxwdHh8=")]
    [TestCase("/AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")]
    [TestCase(" AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")]
    [TestCase("0x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    [TestCase("hex:0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF")]
    [TestCase("env:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")]
    [TestCase("env:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    public void A_key_as_an_argument_is_refused_and_not_repeated(string key)
    {
        var run = CliRun.Of("verify", TestData.Digits, "--key", key);

        Assert.That(run.ExitCode, Is.EqualTo(2));
        Assert.That(run.Error, Does.Contain("never the key itself").And.Not.Contains(key.Split(':')[^1].Trim()));
    }

    [Test]
    public void A_key_file_that_is_missing_from_a_folder_is_named_however_long_its_path_is()
    {
        using var folder = new TemporaryFolder();
        var key = Path.Combine(Directory.CreateDirectory(folder["a/folder/whose/path/has/more/characters/than/a/key"]).FullName, "digits");

        var run = CliRun.Of("verify", TestData.Digits, "--key", key);

        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Error, Does.Contain($"There is no key file '{key}'"));
    }

    [Test]
    public void A_word_with_an_at_sign_is_no_response_file()
    {
        var run = CliRun.Of("inspect", "@/etc/hostname");

        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Error, Does.Contain("@/etc/hostname"));
    }

    [TestCase("inspect", "/no/such")]
    [TestCase("verify", "/no/such", "--key", "/no/such.key")]
    [TestCase("run", "/no/such", "--plain")]
    [TestCase("run", "/no/such", "--plain", "--input", "/no/such.npy")]
    [TestCase("run", "/no/such", "--plain", "--runtime", "/no/such.so")]
    [TestCase("bench", "load", "/no/such")]
    [TestCase("keygen", "/no/such/folder/key")]
    public void A_missing_file_exits_with_3_and_is_named(params string[] arguments)
    {
        var run = CliRun.Of(arguments);

        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Error, Does.Contain("/no/such"));
        Assert.That(CliRun.Of([.. arguments, "--json"]).Json.GetProperty("error").GetProperty("code").GetString(), Is.EqualTo("FileNotFound"));
    }

    [Test]
    public void Every_refusal_has_its_own_exit_code([Values] SafeModelError error)
    {
        var failure = Failure.From(new SafeModelException(error, "why"));

        Assert.That(failure.ExitCode, Is.EqualTo(10 + (int)error));
        Assert.That(failure.Code, Is.EqualTo(error.ToString()));
    }

    [Test]
    public void Other_failures_have_theirs()
    {
        Assert.That(Failure.From(new ArgumentException("bad", "options")), Is.EqualTo(new Failure("Usage", 2, "bad")));
        Assert.That(Failure.From(new OperationCanceledException()).ExitCode, Is.EqualTo(130));
        Assert.That(Failure.From(new UnauthorizedAccessException("no")).ExitCode, Is.EqualTo(3));
        Assert.That(Failure.From(new InsufficientMemoryException("no room")), Is.EqualTo(new Failure("InsufficientMemory", 4, "no room")));
        Assert.That(Failure.From(new InvalidOperationException("odd")), Is.EqualTo(new Failure("Unexpected", 1, "InvalidOperationException: odd")));
    }

    [Test]
    public void Text_of_packages_cannot_steer_a_terminal()
    {
        // Not test cases: a runner drops cases with such names.
        Assert.That(TerminalText.Escape("a\u001b[2Jb"), Is.EqualTo("a\\u{1b}[2Jb"));
        Assert.That(TerminalText.Escape("a\nb"), Is.EqualTo("a\\u{a}b"));
        Assert.That(TerminalText.Escape("\u202Egnp.exe"), Is.EqualTo("\\u{202e}gnp.exe"));
        Assert.That(TerminalText.Escape("größe [red]x[/]"), Is.EqualTo("größe [red]x[/]"));
    }

    [Test]
    public void Output_that_is_no_terminal_has_no_escape_sequences()
    {
        using var digits = new SealedDigits();

        Assert.That(CliRun.Of("inspect", digits.Path).Output, Does.Not.Contain('\u001b'));
        Assert.That(CliRun.Of("inspect", "/no/such").Error, Does.Not.Contain('\u001b'));
    }
}
