using System.Globalization;
using System.Text.RegularExpressions;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Cli;

/// <summary>What README.md and docs/ show is what happens.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string[] Pages = ["README.md", "docs/getting-started.md"];

    private TemporaryFolder _folder = null!;
    private string _before = null!;
    private StringWriter _output = null!;
    private TextWriter _console = null!;

    [OneTimeSetUp]
    public void RequireEmbeddedRuntime()
    {
        if (TestRuntime.Library is { } library)
        {
            Assert.Ignore($"What is shown names no runtime library, and this process runs on {library}.");
        }
    }

    [SetUp]
    public void EnterFolder()
    {
        _folder = new TemporaryFolder();
        foreach (var parent in new[] { "samples", "build" })
        {
            Directory.CreateDirectory(_folder[parent]);
            _folder.CopyOf(TestData.Digits, Path.Combine(parent, "digits"));
        }

        (_before, Environment.CurrentDirectory) = (Environment.CurrentDirectory, _folder.Path);
        (_console, _output) = (Console.Out, new StringWriter());
        Console.SetOut(_output);
    }

    [TearDown]
    public void LeaveFolder()
    {
        Console.SetOut(_console);
        Environment.CurrentDirectory = _before;
        _output.Dispose();
        _folder.Dispose();
    }

    [TestCaseSource(nameof(Pages))]
    public void Every_sample_is_one_that_is_compiled_and_run(string page)
    {
        var regions = Regions(Path.Combine(TestData.Repository, "tests", "SafeTensor.Tests", "Cli", "DocumentationSamples.cs"));
        var blocks = CSharpBlocks().Matches(File.ReadAllText(Path.Combine(TestData.Repository, page))).Select(block => block.Groups[1].Value).ToList();

        Assert.That(blocks, Is.Not.Empty);
        for (var i = 0; i < blocks.Count; i++)
        {
            var code = string.Join('\n', blocks[i].Split('\n').SkipWhile(line => line.StartsWith("using SafeTensor", StringComparison.Ordinal) || line.Length == 0));
            Assert.That(code, Is.EqualTo(regions[page == "README.md" ? page : $"{page} {i}"]));
        }
    }

    [Test]
    public async Task The_readmes_sample_prints_what_it_says()
    {
        await DocumentationSamples.Readme();

        var readme = await File.ReadAllTextAsync(Path.Combine(TestData.Repository, "README.md"));
        Assert.That(_output.ToString(), Does.StartWith("It is a 7"));
        Assert.That(readme, Does.Contain($"```\n\n    {_output}"));
    }

    [Test]
    public async Task The_guides_samples_work_one_after_the_other()
    {
        using var key = ModelKey.CreateFile("digits.key");
        await DocumentationSamples.Seal(key);
        var pixels = new float[64];
        var probabilities = DocumentationSamples.Load(pixels);
        using var model = SafeModel.Load("dist/digits", key);

        Assert.That(DocumentationSamples.Loop(model, pixels), Is.EqualTo(probabilities));
        Assert.That(_output.ToString(), Does.Match("^digits 1: [0-9]+ bytes are encrypted").And.Contains("image: float32[1,1,8,8]"));
        Assert.That(() => DocumentationSamples.Refuse(key), Throws.Nothing);
        await DocumentationSamples.Suspend(key);
        Assert.That(_output.ToString(), Does.Match("True\nFalse\n$"));

        using var publisher = new Publisher();
        await File.WriteAllTextAsync("publisher.pem", publisher.Pem);
        ModelSealer.Sign("dist/digits", publisher.Key);
        Assert.That(DocumentationSamples.LoadSigned(key), Is.EqualTo(1));
        await ModelSealer.SealAsync(
            "build/digits", "dist/digits", key, new SealOptions { ModelId = "digits", ModelVersion = 0, Signer = publisher.Key, Overwrite = true });
        Assert.That(() => DocumentationSamples.LoadSigned(key), Refused.With(SafeModelError.RolledBack));
    }

    [Test]
    public void Every_claim_of_the_security_page_names_a_test_that_is_there()
    {
        var page = File.ReadAllText(Path.Combine(TestData.Repository, "docs", "security.md"));
        var tests = typeof(DocumentationTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods().Select(method => $"{type.Name}.{method.Name}")).ToHashSet();

        var named = TestNames().Matches(page).Select(match => match.Groups[1].Value).ToList();
        Assert.That(named, Has.Count.GreaterThan(20));
        Assert.That(named, Is.SubsetOf(tests));
    }

    [TestCase("README.md", 3)]
    [TestCase("samples/digits/README.md", 1)]
    public void The_command_lines_work_one_after_the_other(string page, int count)
    {
        var lines = CommandLines().Matches(File.ReadAllText(Path.Combine(TestData.Repository, page))).Select(match => match.Groups[1].Value).ToList();

        Assert.That(lines, Has.Count.EqualTo(count));
        foreach (var line in lines)
        {
            var run = CliRun.Of(line.Split(' '));
            Assert.That(run.ExitCode, Is.Zero, $"{line}: {run.Error}");
        }
    }

    [Test]
    public void The_readme_lists_every_verb()
    {
        var readme = File.ReadAllText(Path.Combine(TestData.Repository, "README.md"));

        Assert.That(CliVerbs().Matches(readme).Select(match => match.Groups[1].Value), Is.EqualTo(new[] { "keygen", "seal", "sign", "inspect", "verify", "run", "demo", "bench", "doctor" }));
    }

    [Test]
    public void Links_between_pages_lead_somewhere()
    {
        foreach (var page in Pages.Append("docs/cli.md").Append("samples/digits/README.md"))
        {
            var path = Path.Combine(TestData.Repository, page);
            foreach (Match link in RelativeLinks().Matches(File.ReadAllText(path)))
            {
                Assert.That(Path.Combine(Path.GetDirectoryName(path)!, link.Groups[1].Value), Does.Exist, page);
            }
        }
    }

    [Test]
    public void The_formats_example_is_the_published_package()
    {
        var page = File.ReadAllText(Path.Combine(TestData.Repository, "docs", "format.md"));
        var vector = new Vector(Path.Combine(TestData.PinnedVectors, "signed"));
        var package = Convert.ToHexStringLower(File.ReadAllBytes(Path.Combine(vector.Folder, "mod.params")));

        var shown = DumpLines().Matches(page).Select(line => (At: int.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture), Bytes: line.Groups[2].Value)).ToList();
        Assert.That(string.Concat(shown.Select(line => line.Bytes)), Is.EqualTo(package));
        Assert.That(shown, Has.All.Matches<(int At, string Bytes)>(line => package[(2 * line.At)..].StartsWith(line.Bytes, StringComparison.Ordinal)));
        foreach (var name in new[] { "model_key", "prk", "commitment", "header_key", "data_key" })
        {
            Assert.That(page, Does.Contain($"| `{Convert.ToHexStringLower(vector.Bytes(name))}` |"), name);
        }
    }

    private static Dictionary<string, string> Regions(string source) =>
        CodeRegions().Matches(File.ReadAllText(source)).ToDictionary(
            region => region.Groups["name"].Value,
            region => string.Join('\n', region.Groups["code"].Value.Split('\n').Select(line => line.Length > 8 ? line[8..] : line.Trim())));

    [GeneratedRegex(@"```csharp\n(.*?\n)```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlocks();

    [GeneratedRegex("^    safetensor (.*)$", RegexOptions.Multiline)]
    private static partial Regex CommandLines();

    [GeneratedRegex(@"#region (?<name>[^\n]*)\n(?<code>.*?\n) *#endregion", RegexOptions.Singleline)]
    private static partial Regex CodeRegions();

    [GeneratedRegex(@"^\| `([a-z]+)[ `]", RegexOptions.Multiline)]
    private static partial Regex CliVerbs();

    [GeneratedRegex("^ +([0-9]+)  ([0-9a-f]+)( |$)", RegexOptions.Multiline)]
    private static partial Regex DumpLines();

    [GeneratedRegex("`([A-Z][A-Za-z]*Tests[.][A-Za-z0-9_]+)`")]
    private static partial Regex TestNames();

    [GeneratedRegex(@"\]\((?!https?:)([^)#]+)\)")]
    private static partial Regex RelativeLinks();
}
