using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using NUnit.Framework;
using SafeTensor.Cli.Bench;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests.Bench;

/// <summary><c>bench load</c>, as users start it, since it starts itself.</summary>
public sealed class BenchLoadVerbTests
{
    private const string SecretWeights = "secret weights";

    private static readonly string[] Names =
    [
        "plain read", "LoadPlain", "stock load_params", "sealed in place", "sealed, publisher pinned", "sealed load_params", SecretWeights,
    ];

    private TemporaryFolder _folder = null!;
    private TemporaryFolder _temporary = null!;

    [SetUp]
    public void MakeFolders() => (_folder, _temporary) = (new TemporaryFolder(), new TemporaryFolder());

    [TearDown]
    public void Delete()
    {
        _folder.Dispose();
        _temporary.Dispose();
    }

    [Test]
    public void Json_has_the_members_that_scripts_read_and_a_model_without_weights_gets_some()
    {
        var model = _folder.CopyOf(TestData.Digits);
        File.Delete(Path.Combine(model, "mod.params"));

        using var process = Start(model, "--rounds", "2", "--json");
        var arguments = ArgumentsOfChildren(process);
        var run = CliProcess.End(process);

        Assert.That(run.ExitCode, Is.Zero, run.Error + run.Output);
        var json = run.Json;
        Assert.That(json.GetProperty("rounds").GetInt32(), Is.EqualTo(2));
        Assert.That(json.GetProperty("model").GetProperty("isGenerated").GetBoolean(), Is.True);
        Assert.That(json.GetProperty("model").GetProperty("weightBytes").GetInt64(), Is.EqualTo(605_224));
        Assert.That(json.GetProperty("model").GetProperty("tensors").GetInt32(), Is.EqualTo(8));
        CheckMachine(json.GetProperty("machine"));
        CheckFloor(json.GetProperty("floor"));
        CheckRows([.. json.GetProperty("rows").EnumerateArray()]);
        Assert.That(arguments.Result, Has.Some.Contains("--key -").And.None.Matches(" ([0-9A-Fa-f]{64}|[0-9A-Za-z+/]{43}=) "));
        Assert.That(Leftovers(), Is.Empty);
    }

    [Test]
    public void The_table_has_a_line_for_each_load_and_what_could_not_be_measured_goes_to_the_error_stream()
    {
        var run = Run(TestData.Digits, "--rounds", "1", "--require", "sealed");

        Assert.That(run.ExitCode, Is.Zero, run.Error);
        foreach (var name in Names.Concat(["AES alone", "pread alone", "first touch alone", "all three"]))
        {
            Assert.That(run.Output, Does.Contain($"│ {name} "));
        }

        Assert.That(run.Output, Does.Contain("medians of 1").And.Contains("8 tensors").And.Not.Contains("random"));
        Assert.That(run.Output.Split('\n').Single(line => line.Contains("LoadPlain", StringComparison.Ordinal)), Does.Not.Match("[0-9]"));
        Assert.That(run.Error, Does.Contain("LoadPlain was not measured: RequiredProtection is Sealed").And.Contains("Cold").IgnoreCase);
        Assert.That(Leftovers(), Is.Empty);
    }

    [Test]
    public void An_interrupt_exits_with_130_and_leaves_neither_files_nor_processes()
    {
        using var process = Start(TestData.Digits, "--rounds", "1000", "--json");
        while (!process.HasExited && Children(process).Count == 0)
        {
            Thread.Sleep(10);
        }

        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        var run = CliProcess.End(process);

        Assert.That(run.ExitCode, Is.EqualTo(130), run.Error);
        Assert.That(run.Json.GetProperty("error").GetProperty("code").GetString(), Is.EqualTo("Cancelled"));
        Assert.That(Children(process), Is.Empty);
        Assert.That(Leftovers(), Is.Empty);
    }

    [Test]
    public void Model_options_reach_the_loads_and_a_refusal_is_the_result()
    {
        var run = Run(TestData.Digits, "--rounds", "1", "--model-id", "another", "--json");

        Assert.That(run.ExitCode, Is.EqualTo(13), run.Output);
        Assert.That(run.Json.GetProperty("error").GetProperty("message").GetString(), Does.Contain("another").And.Contains("digits"));
        Assert.That(Leftovers(), Is.Empty);
    }

    [Test]
    public void What_cannot_be_measured_is_wrong_usage_and_leaves_nothing_behind()
    {
        using var half = new TemporaryFolder();
        File.Copy(Path.Combine(TestData.Digits, "mod.so"), half["mod.so"]);

        Assert.That(Run(half.Path).Error, Does.Contain("mod.json and mod.so").And.Contains("(Usage)"));
        Assert.That(Run(TestData.Digits, "--input", "image").Error, Does.Contain("has its own in mod.params").And.Contains("(Usage)"));
        File.Copy(Path.Combine(TestData.Digits, "mod.json"), half["mod.json"]);
        Assert.That(Run(half.Path, "--input", "picture").Error, Does.Contain("picture").And.Contains("image, p0").And.Contains("(Usage)"));
        Assert.That(Leftovers(), Is.Empty);
    }

    private static void CheckMachine(JsonElement machine)
    {
        Assert.That(machine.GetProperty("processor").GetString(), Is.Not.Empty);
        Assert.That(machine.GetProperty("cores").GetInt32(), Is.Positive);
        Assert.That(machine.GetProperty("threads").GetInt32(), Is.EqualTo(Environment.ProcessorCount));
        Assert.That(machine.GetProperty("memoryBytes").GetInt64(), Is.Positive);
        Assert.That(machine.GetProperty("system").GetString(), Is.Not.Empty);
        Assert.That(machine.GetProperty("dotnet").GetString(), Does.StartWith(".NET "));
        Assert.That(machine.GetProperty("runtimes").EnumerateArray().Select(runtime => runtime.GetString()), Has.One.StartsWith("embedded "));
    }

    private static void CheckFloor(JsonElement floor)
    {
        var parts = new[] { "aesMilliseconds", "preadMilliseconds", "firstTouchMilliseconds" }.Select(name => floor.GetProperty(name).GetDouble()).ToList();
        Assert.That(parts, Has.All.Positive);
        Assert.That(floor.GetProperty("milliseconds").GetDouble(), Is.EqualTo(parts.Sum()).Within(0.01));
        Assert.That(floor.GetProperty("gigabytesPerSecond").GetDouble(), Is.Positive);
    }

    private static void CheckRows(List<JsonElement> rows)
    {
        var warm = rows.FindAll(row => row.GetProperty("cache").GetString() == "warm");
        var cold = rows.FindAll(row => row.GetProperty("cache").GetString() == "cold");
        Assert.That(warm.Select(Name), Is.EqualTo(Names));
        Assert.That(cold.Select(Name), Is.EqualTo(PageCache.IsAllThereIs(Path.GetTempPath()) ? [] : Names));
        foreach (var row in rows.Where(row => !row.TryGetProperty("refusal", out _)))
        {
            var isRead = Name(row) == "plain read";
            Assert.That(row.GetProperty("runtime").ValueKind, Is.EqualTo(isRead ? JsonValueKind.Null : JsonValueKind.String));
            Assert.That(row.GetProperty("sessions").GetInt32(), Is.EqualTo(isRead ? 0 : 1));
            Assert.That(row.GetProperty("threads").GetInt32(), Is.Positive);
            Assert.That(row.GetProperty("milliseconds").GetDouble(), Is.Positive);
            Assert.That(row.GetProperty("gigabytesPerSecond").GetDouble(), Is.Positive);
            Assert.That(row.TryGetProperty("floorRatio", out _), Is.EqualTo(warm.Contains(row)));
            Assert.That(row.GetProperty("allMilliseconds").GetArrayLength(), Is.EqualTo(2));
            Assert.That(row.GetProperty("residentBytesBefore").GetInt64(), Is.Positive);
            Assert.That(row.GetProperty("residentBytesAfter").GetInt64(), Is.Positive);
            Assert.That(row.GetProperty("peakResidentBytes").GetInt64(), Is.Positive);
        }

        // The one thing that a machine may not be able to do.
        Assert.That(rows.Where(row => row.TryGetProperty("refusal", out _)).Select(Name), Is.All.EqualTo(SecretWeights));
    }

    private static string Name(JsonElement row) => row.GetProperty("name").GetString()!;

    private Process Start(params string[] arguments) => CliProcess.Start(["bench", "load", .. arguments], ("TMPDIR", _temporary.Path));

    private CliRun Run(params string[] arguments) => CliProcess.Run(["bench", "load", .. arguments], ("TMPDIR", _temporary.Path));

    private string[] Leftovers() => Directory.GetFileSystemEntries(_temporary.Path);

    private static Task<List<string>> ArgumentsOfChildren(Process parent) => Task.Run(() =>
    {
        var seen = new HashSet<string>();
        while (!parent.HasExited)
        {
            seen.UnionWith(Children(parent));
            Thread.Sleep(5);
        }

        return seen.ToList();
    });

    /// <summary>The command lines of the processes that measure for this one.</summary>
    private static List<string> Children(Process parent)
    {
        var found = new List<string>();
        foreach (var process in Directory.GetDirectories("/proc").Where(folder => char.IsAsciiDigit(folder[^1])))
        {
            try
            {
                if (File.ReadAllText($"{process}/stat").Split(") ")[^1].Split(' ')[1] == parent.Id.ToString(CultureInfo.InvariantCulture))
                {
                    found.Add(File.ReadAllText($"{process}/cmdline").Replace('\0', ' '));
                }
            }
            catch (IOException)
            {
                // It has ended.
            }
        }

        return found.FindAll(line => line.Contains("measure-load", StringComparison.Ordinal));
    }
}
