using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Cli;

/// <summary><c>doctor</c>: every line of it is so, and no warning is lost.</summary>
public sealed class DoctorVerbTests
{
    private static readonly string[] Subjects = ["runtime", "code in memory", "processors", "AES", "huge pages", "locked memory", "secret memory", "user", "dumps", "core files"];

    [Test]
    public void The_table_has_a_line_for_each_subject()
    {
        var run = CliRun.Of("doctor");

        var subjects = run.Output.Split('\n').Select(line => line.Split('│')).Where(cells => cells.Length > 4).Select(cells => cells[2].Trim());
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(Subjects, Is.SubsetOf(subjects));
    }

    [Test]
    public void Json_has_the_members_that_scripts_read_and_they_are_so()
    {
        var run = CliRun.Of("doctor", "--json");

        var (json, here) = (run.Json, ProcessHardening.Inspect());
        Assert.That(run.ExitCode, Is.Zero, run.Output);
        Assert.That(json.GetProperty("canRun").GetBoolean(), Is.True);
        Assert.That(json.GetProperty("runtime").GetString(), Does.StartWith(TestRuntime.Library ?? "embedded "));
        Assert.That(json.GetProperty("processors").GetInt32(), Is.EqualTo(Environment.ProcessorCount));
        Assert.That(json.GetProperty("hasAes").GetBoolean(), Is.EqualTo(here.HasAes));
        Assert.That(json.GetProperty("hasHugePages").GetBoolean(), Is.EqualTo(here.HasHugePages));
        Assert.That(json.GetProperty("hasSecretMemory").GetBoolean(), Is.EqualTo(here.HasSecretMemory));
        Assert.That(json.GetProperty("memoryLockLimit").GetRawText(), Is.EqualTo(here.MemoryLockLimit == long.MaxValue ? "null" : $"{here.MemoryLockLimit}"));
        Assert.That(json.GetProperty("isRoot").GetBoolean(), Is.EqualTo(here.IsRoot));
        Assert.That(json.GetProperty("isDumpable").GetBoolean(), Is.EqualTo(here.IsDumpable));
        Assert.That(json.GetProperty("coreFilesDisabled").GetBoolean(), Is.EqualTo(here.CoreFilesDisabled));
        Assert.That(json.GetProperty("diagnosticsEnabled").GetBoolean(), Is.EqualTo(here.DiagnosticsEnabled));
    }

    [Test]
    public void Every_warning_is_a_check_with_its_advice()
    {
        var checks = CliRun.Of("doctor", "--json").Json.GetProperty("checks").EnumerateArray().ToList();

        var warnings = checks.SelectMany(check => check.GetProperty("advice").EnumerateArray().Select(advice => $"{check.GetProperty("subject").GetString()}: {advice.GetString()}"));
        Assert.That(warnings, Is.EquivalentTo(ProcessHardening.Inspect().Warnings));
        Assert.That(checks.Select(check => check.GetProperty("subject").GetString()), Is.SupersetOf(Subjects).And.Unique);
        foreach (var check in checks)
        {
            Assert.That(check.GetProperty("status").GetString(), Is.EqualTo(check.GetProperty("advice").GetArrayLength() > 0 ? "warning" : "ok"));
        }
    }

    [Test]
    public void A_runtime_that_cannot_be_used_is_a_failure_that_is_named_with_all_else()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["runtime.so"], "no library");

        var run = CliProcess.Run(["doctor", "--runtime", folder["runtime.so"], "--json"]);

        var check = run.Json.GetProperty("checks")[0];
        Assert.That(run.ExitCode, Is.EqualTo(22));
        Assert.That(run.Json.GetProperty("canRun").GetBoolean(), Is.False);
        Assert.That(run.Json.GetProperty("runtime").GetString(), Is.Null);
        Assert.That(check.GetProperty("status").GetString(), Is.EqualTo("failure"));
        Assert.That(check.GetProperty("advice")[0].GetString(), Does.Contain(folder["runtime.so"]));
        Assert.That(run.Json.GetProperty("checks").GetArrayLength(), Is.GreaterThanOrEqualTo(Subjects.Length));
    }

    [Test]
    public void A_runtime_that_is_not_there_exits_with_3() =>
        Assert.That(CliRun.Of("doctor", "--runtime", "/no/such.so").ExitCode, Is.EqualTo(3));
}
