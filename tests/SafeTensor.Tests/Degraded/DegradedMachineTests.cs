using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using NUnit.Framework;
using SafeTensor.Native;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests;

/// <summary>Machines that lack something: a model loads or is refused as the options say, and the report tells the truth and the way out.</summary>
public sealed unsafe partial class DegradedMachineTests
{
    private const byte Answer = 42;
    private const long WeightBytes = 2 << 20;

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        var key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
        File.WriteAllBytes(_folder["key"], key);
        AnsweringModel.Create(_folder["plain"], Answer, WeightBytes);
        ModelSealer.Seal(_folder["plain"], _folder["sealed"], key);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void Without_locked_memory_it_loads_and_says_how_much_would_do()
    {
        var without = Run([RestrictedProcess.Unprivileged, .. RestrictedProcess.Limit("MEMLOCK", 0)]);

        AssertAnswers(without);
        Assert.That(Protection(without, "level"), Is.EqualTo("Sealed"));
        Assert.That(Protection(without, "lockedBytes"), Is.EqualTo("0"));
        var needed = long.Parse(NeededLock().Match(Reasons(without)).Groups[1].Value, CultureInfo.InvariantCulture);
        if (LockLimit().Maximum < (ulong)needed)
        {
            Assert.Ignore($"This system lets nobody lock {needed} bytes, so that the advice cannot be tried.");
        }

        var advised = Run([RestrictedProcess.Unprivileged, .. RestrictedProcess.Limit("MEMLOCK", needed)], "--require", "locked");

        AssertAnswers(advised);
        Assert.That(Protection(advised, "level"), Is.EqualTo("Locked"));
        Assert.That(Protection(advised, "lockedBytes"), Is.EqualTo($"{WeightBytes}"));
    }

    [Test]
    public void Without_locked_memory_it_is_refused_where_that_is_required([Values("--require locked", "--secret-weights")] string option) =>
        AssertRefused(Run([RestrictedProcess.Unprivileged, .. RestrictedProcess.Limit("MEMLOCK", 0)], option.Split(' ')), "RLIMIT_MEMLOCK");

    [Test]
    public void Without_huge_pages_it_loads_and_says_so()
    {
        var usual = Run([]);
        var without = Run([RestrictedProcess.NoHugePages]);

        AssertAnswers(without);
        Assert.That(Protection(without, "hugePageBytes"), Is.EqualTo("0"));
        Assert.That(Reasons(without), Does.Contain("huge pages").And.Contains("PR_SET_THP_DISABLE"));
        Assert.That(Protection(usual, "hugePageBytes"), Is.EqualTo(ProcessHardening.Inspect().HasHugePages ? $"{WeightBytes}" : "0"));
    }

    [Test]
    public void Without_secret_memory_it_loads_unless_it_must_be_secret()
    {
        string[] restriction = RestrictedProcess.Refuse("memfd_secret", "ENOSYS");

        var without = Run(restriction);

        AssertAnswers(without);
        Assert.That(Protection(without, "isInSecretMemory"), Is.EqualTo("False"));
        AssertRefused(Run(restriction, "--secret-weights"), "memfd_secret");
        Assert.That(Doctor(restriction).Json.GetProperty("hasSecretMemory").GetBoolean(), Is.False);
    }

    [Test]
    public void Without_files_in_memory_no_code_is_loaded_and_all_else_works()
    {
        string[] restriction = RestrictedProcess.Refuse("memfd_create", "EPERM");

        AssertRefused(Run(restriction), "memfd_create");
        var doctor = Doctor(restriction);
        Assert.That(doctor.ExitCode, Is.EqualTo(23), doctor.Output);
        Assert.That(doctor.Json.GetProperty("canRun").GetBoolean(), Is.False);
        Assert.That(doctor.Json.GetProperty("runtime").GetString(), Is.Not.Null);
        var verified = new RestrictedProcess(_folder.Path, restriction).Run("verify", _folder["sealed"], "--key", _folder["key"]);
        Assert.That(verified.ExitCode, Is.Zero, verified.Error);
    }

    [Test]
    public void Where_files_in_memory_are_never_executable_no_code_is_loaded()
    {
        const string Setting = "/proc/sys/vm/memfd_noexec";
        if (!File.Exists(Setting))
        {
            Assert.Ignore($"This kernel has no {Setting}.");
        }

        AssertRefused(NamespaceProcess.Run($"echo 2 > {Setting}", Arguments()), "vm.memfd_noexec");
        AssertAnswers(NamespaceProcess.Run($"echo 1 > {Setting}", Arguments()));
    }

    [Test]
    public void Advice_that_the_kernel_refuses_is_in_the_report()
    {
        var run = Run(RestrictedProcess.Refuse("madvise", "EPERM"));

        AssertAnswers(run);
        Assert.That(Protection(run, "level"), Is.EqualTo("Sealed"));
        Assert.That(Protection(run, "isExcludedFromCoreFiles"), Is.EqualTo("False"));
        Assert.That(Protection(run, "hugePageBytes"), Is.EqualTo("0"));
        Assert.That(Reasons(run), Does.Contain("MADV_DONTFORK").And.Contains("MADV_DONTDUMP").And.Contains("MADV_HUGEPAGE"));
    }

    [Test]
    public void A_lock_that_the_sandbox_refuses_is_told_from_a_limit()
    {
        var run = Run(RestrictedProcess.Refuse("mlock2", "EPERM"));

        AssertAnswers(run);
        Assert.That(Protection(run, "level"), Is.EqualTo("Sealed"));
        Assert.That(Reasons(run), Does.Contain(LockLimit().Current >= 2 * WeightBytes ? "the kernel refused mlock2" : "raise RLIMIT_MEMLOCK"));
    }

    [Test]
    public void One_processor_is_enough()
    {
        AssertAnswers(Run([RestrictedProcess.OneProcessor]));
        Assert.That(Doctor(RestrictedProcess.OneProcessor).Json.GetProperty("processors").GetInt32(), Is.EqualTo(1));
    }

    [Test]
    public void Where_nothing_in_temporary_folders_may_be_executed_it_loads()
    {
        var temporary = Directory.CreateDirectory(_folder["temporary"]).FullName;

        AssertAnswers(NamespaceProcess.Run(
            $"mount -t tmpfs -o noexec safetensor-test '{temporary}' && mount -t tmpfs -o noexec safetensor-test /dev/shm && export TMPDIR='{temporary}'", Arguments()));
    }

    [Test]
    public void Where_nothing_can_be_written_it_loads() =>
        AssertAnswers(NamespaceProcess.Run(
            $"mount -o remount,bind,ro / && mount --bind '{_folder.Path}' '{_folder.Path}' && mount -o remount,bind,ro '{_folder.Path}' && ! touch '{_folder["new"]}'", Arguments()));

    [Test]
    public void A_model_that_memory_has_no_room_for_is_an_error_that_says_so()
    {
        const long TooMuch = 64L << 30;
        AnsweringModel.Create(_folder["large"], Answer, TooMuch);

        var run = new RestrictedProcess(_folder.Path, RestrictedProcess.Limit("AS", TooMuch / 2)).Run("run", _folder["large"], "--plain", "--json");

        var error = run.Json.GetProperty("error");
        Assert.That(run.ExitCode, Is.EqualTo(4), run.Output);
        Assert.That(error.GetProperty("code").GetString(), Is.EqualTo("InsufficientMemory"));
        Assert.That(error.GetProperty("message").GetString(), Does.Contain($"{TooMuch} bytes"));
    }

    private CliRun Run(IReadOnlyList<string> restrictions, params IReadOnlyList<string> options) =>
        new RestrictedProcess(_folder.Path, restrictions).Run(Arguments(options));

    private CliRun Doctor(params IReadOnlyList<string> restrictions) => new RestrictedProcess(_folder.Path, restrictions).Run("doctor", "--json");

    private string[] Arguments(params IReadOnlyList<string> options) => ["run", _folder["sealed"], "--key", _folder["key"], "--json", .. options];

    private static ResourceLimit LockLimit()
    {
        ResourceLimit limit;
        Assert.That(LibC.getrlimit(LibC.RLIMIT_MEMLOCK, &limit), Is.Zero);
        return limit;
    }

    private static void AssertAnswers(CliRun run)
    {
        Assert.That(run.ExitCode, Is.Zero, run.Output + run.Error);
        Assert.That(run.Json.GetProperty("outputs")[0].GetProperty("data")[0].GetSingle(), Is.EqualTo(1001 * Answer));
    }

    private static void AssertRefused(CliRun run, string text)
    {
        Assert.That(run.ExitCode, Is.EqualTo(23), run.Output + run.Error);
        Assert.That(run.Json.GetProperty("error").GetProperty("code").GetString(), Is.EqualTo(nameof(SafeModelError.ProtectionUnavailable)));
        Assert.That(run.Json.GetProperty("error").GetProperty("message").GetString(), Does.Contain(text));
    }

    private static string Protection(CliRun run, string member) => run.Json.GetProperty("protection").GetProperty(member).ToString();

    private static string Reasons(CliRun run) => string.Join('\n', run.Json.GetProperty("protection").GetProperty("reasons").EnumerateArray().Select(reason => reason.GetString()));

    [GeneratedRegex(@"only 0 can be: raise RLIMIT_MEMLOCK to (\d+) bytes")]
    private static partial Regex NeededLock();
}
