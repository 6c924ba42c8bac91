using System.Security.Cryptography;
using System.Text.Json;
using NUnit.Framework;
using SafeTensor.Native;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests;

/// <summary>What hardening says is what the kernel says, and what it promises is so: in processes of their own, since it cannot be undone.</summary>
public sealed unsafe class ProcessHardeningTests
{
    private TemporaryFolder _folder = null!;
    private string[] _run = null!;

    [SetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        var key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
        File.WriteAllBytes(_folder["key"], key);
        ModelSealer.Seal(TestData.Digits, _folder["digits"], key);
        _run = ["run", _folder["digits"], "--json", "--key", _folder["key"]];
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void Inspecting_changes_nothing_and_says_what_is()
    {
        var before = (Dumpable(), CoreLimit());

        var found = ProcessHardening.Inspect();

        Assert.That((Dumpable(), CoreLimit()), Is.EqualTo(before));
        Assert.That(found.IsDumpable, Is.EqualTo(Dumpable() != 0));
        Assert.That(found.IsRoot, Is.EqualTo(Environment.IsPrivilegedProcess));
        Assert.That(found.DiagnosticsEnabled, Is.EqualTo(Environment.GetEnvironmentVariable("DOTNET_EnableDiagnostics") != "0"));
        Assert.That(found.HasAes, Is.EqualTo(File.ReadLines("/proc/cpuinfo").First(line => line.StartsWith("flags", StringComparison.Ordinal)).Split(' ').Contains("aes")));
        Assert.That(found.Warnings, Has.All.Match("^[A-Za-z ]+: .+"), "a subject and what to change");
        Assert.That(found.Warnings.Any(warning => warning.StartsWith("user: ", StringComparison.Ordinal)), Is.EqualTo(found.IsRoot));
        Assert.That(found.Warnings.Any(warning => warning.StartsWith("secret memory: ", StringComparison.Ordinal)), Is.EqualTo(!found.HasSecretMemory));
        Assert.That(found.Warnings.Any(warning => warning.StartsWith("huge pages: ", StringComparison.Ordinal)), Is.EqualTo(!found.HasHugePages));

        using var page = ProtectedMemory.Reserve(1, MemoryKind.SecretIfAvailable);
        Assert.That(found.HasSecretMemory, Is.EqualTo(page.IsSecret));
    }

    [Test]
    public void The_limit_of_locked_memory_is_what_can_be_locked()
    {
        var limit = ProcessHardening.Inspect().MemoryLockLimit;
        var length = limit == long.MaxValue ? 64L << 20 : limit + 1;

        using var memory = ProtectedMemory.Reserve(length);

        Assert.That(memory.IsLocked, Is.EqualTo(limit == long.MaxValue));
    }

    [Test]
    public void A_hardened_program_that_is_not_roots_loads_runs_and_is_kept_from_dumps()
    {
        using var process = new RestrictedProcess(_folder.Path, RestrictedProcess.Unprivileged).StartWithHook(isHardened: true, _run);
        var run = CliProcess.End(process);

        Assert.That(run.ExitCode, Is.Zero, run.Output + run.Error);
        Assert.That(run.Error, Does.StartWith("ProcessHardening { IsDumpable = False, CoreFilesDisabled = True,").And.Contains("IsRoot = False"));
        Assert.That(Level(run), Is.EqualTo(nameof(ProtectionLevel.NotDumped)));
    }

    [Test]
    public void Roots_program_is_hardened_too_but_not_kept_from_roots_dumps()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Assert.Ignore("Only the superuser can start a program as the superuser.");
        }

        using var process = new RestrictedProcess(_folder.Path).StartWithHook(isHardened: true, _run);
        var run = CliProcess.End(process);

        Assert.That(run.ExitCode, Is.Zero, run.Output + run.Error);
        Assert.That(run.Error, Does.StartWith("ProcessHardening { IsDumpable = False, CoreFilesDisabled = True,").And.Contains("IsRoot = True"));
        Assert.That(Level(run), Is.EqualTo(nameof(ProtectionLevel.Locked)));
    }

    [Test]
    public void A_crash_leaves_a_dump_of_a_program_and_none_of_a_hardened_one([Values] bool isHardened)
    {
        var dumps = Directory.CreateDirectory(_folder["dumps"]);
        var restricted = new RestrictedProcess(_folder.Path, RestrictedProcess.Unprivileged);
        dumps.UnixFileMode |= UnixFileMode.OtherWrite;
        using var process = restricted.StartWithHook(
            isHardened, _run, (StartupHook.Crashes, "1"), ("DOTNET_DbgEnableMiniDump", "1"), ("DOTNET_DbgMiniDumpName", Path.Combine(dumps.FullName, "dump")));

        var run = CliProcess.End(process);
        Assert.That(run.ExitCode, Is.Not.Zero);
        Assert.That(run.Error, Does.Contain($"IsDumpable = {!isHardened}"));
        Assert.That(dumps.GetFiles().Any(file => file.Length > 0), Is.EqualTo(!isHardened), run.Error);
    }

    [Test]
    public void The_diagnostics_port_is_closed_where_the_runtime_was_told_so([Values("0", "1")] string isEnabled)
    {
        using var process = new RestrictedProcess(_folder.Path).StartWithHook(isHardened: false, ["--help"], ("DOTNET_EnableDiagnostics", isEnabled));
        var run = CliProcess.End(process);

        Assert.That(run.Error, Does.Contain($"DiagnosticsEnabled = {isEnabled == "1"}"));
    }

    private static string? Level(CliRun run) => JsonDocument.Parse(run.Output).RootElement.GetProperty("protection").GetProperty("level").GetString();

    private static int Dumpable() => LibC.prctl(LibC.PR_GET_DUMPABLE, 0, 0, 0, 0);

    private static (ulong, ulong) CoreLimit()
    {
        ResourceLimit limit;
        Assert.That(LibC.getrlimit(LibC.RLIMIT_CORE, &limit), Is.Zero);
        return (limit.Current, limit.Maximum);
    }
}
