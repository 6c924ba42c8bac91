using System.Globalization;
using NUnit.Framework;
using SafeTensor.Residue;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>What is in real dumps of a process that crashes while a model is loaded and its key held: the table of docs/security.md.</summary>
[Parallelizable]
public sealed class DumpTests
{
    private const string NoFile = "no file", Neither = "neither", Weights = "weights", Key = "key", WeightsAndKey = "weights and key";

    // Of DOTNET_DbgMiniDumpType.
    private const string Full = "4", Heap = "2";

    private readonly Dictionary<(Situation, bool), RestrictedProcess> _launchers = [];
    private ResidueModel _model = null!;
    private TemporaryFolder _folder = null!;

    [OneTimeSetUp]
    public void Seal()
    {
        if (TestRuntime.Library is not null)
        {
            Assert.Ignore(ApachesResidueTests.Reason);
        }

        _model = ResidueModel.Of(TestData.Digits);
    }

    [OneTimeTearDown]
    public void Delete() => _model?.Dispose();

    [SetUp]
    public void MakeFolder()
    {
        _folder = new TemporaryFolder();
        File.SetUnixFileMode(_folder.Path, File.GetUnixFileMode(_folder.Path) | UnixFileMode.OtherExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
    }

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCase(Situation.Plain, Weights, Neither)]
    [TestCase(Situation.SecretWeights, Neither, Neither)]
    [TestCase(Situation.Hardened, NoFile, NoFile)]
    [TestCase(Situation.Hardened | Situation.SecretWeights, NoFile, NoFile)]
    [TestCase(Situation.LoadParams, Weights, Weights)]
    [TestCase(Situation.NoSecretMemory, WeightsAndKey, Key)]
    [TestCase(Situation.Root | Situation.Hardened, Weights, Neither)]
    [TestCase(Situation.Root | Situation.Hardened | Situation.SecretWeights, Neither, Neither)]
    public void Createdump_writes(Situation situation, string full, string heap)
    {
        RequireDumpWriter(situation);
        string[] files = [_folder["full"], _folder["heap"]];

        var said = Crash(situation, Full, files[0]) + Crash(situation, Heap, files[1]);

        Assert.That(files.Select(Contents), Is.EqualTo(new[] { full, heap }), said);
    }

    [TestCase(Situation.Plain, Neither)]
    [TestCase(Situation.SecretWeights, Neither)]
    [TestCase(Situation.Hardened, NoFile)]
    [TestCase(Situation.Hardened | Situation.SecretWeights, NoFile)]
    [TestCase(Situation.LoadParams, Weights)]
    [TestCase(Situation.NoSecretMemory, Neither)]
    [TestCase(Situation.Root | Situation.Hardened, NoFile)]
    [TestCase(Situation.Root | Situation.Hardened | Situation.SecretWeights, NoFile)]
    public void The_kernel_writes(Situation situation, string core)
    {
        var pattern = File.ReadAllText("/proc/sys/kernel/core_pattern").Trim();
        if (pattern[0] is '|' or '@' or '/')
        {
            Assert.Ignore($"This system's core files do not come into the process's folder: kernel.core_pattern is '{pattern}'.");
        }

        var said = Crash(situation);

        Assert.That(Contents(Directory.GetFiles(_folder.Path).FirstOrDefault() ?? ""), Is.EqualTo(core), said);
    }

    private static void RequireDumpWriter(Situation situation)
    {
        const string scope = "/proc/sys/kernel/yama/ptrace_scope";
        const int sysPtrace = 19;
        var capabilities = File.ReadLines("/proc/self/status").First(line => line.StartsWith("CapEff:", StringComparison.Ordinal)).Split('\t')[1];
        if (situation.HasFlag(Situation.Root) && ((ulong.Parse(capabilities, NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> sysPtrace) & 1) == 0)
        {
            Assert.Ignore("This root may not look into other processes (CAP_SYS_PTRACE).");
        }

        if (File.Exists(scope) && File.ReadAllText(scope).Trim() is "2" or "3")
        {
            Assert.Ignore($"This system lets no dump writer look into a process ({scope}).");
        }
    }

    /// <returns>What the process and its dump writer said.</returns>
    private string Crash(Situation situation, string? type = null, string file = "")
    {
        if (situation.HasFlag(Situation.Root) && !Environment.IsPrivilegedProcess)
        {
            Assert.Ignore("Only root can start a process of root's.");
        }

        IReadOnlyList<(string, string)> dump = type is null ? [] : [("DOTNET_DbgEnableMiniDump", "1"), ("DOTNET_DbgMiniDumpType", type), ("DOTNET_DbgMiniDumpName", file)];
        var launcher = Launcher(situation, isCore: type is null);
        using var process = new ResidueProcess(_model, (command, settings) => launcher.Start(["env", "-C", _folder.Path, .. command], [.. settings, .. dump]));
        if (situation.HasFlag(Situation.Hardened))
        {
            process.Ask(Step.Harden);
        }

        var load = process.Ask(process.Load with
        {
            KeySource = KeySource.Held,
            LoadPath = situation.HasFlag(Situation.LoadParams) ? LoadPath.LoadParams : LoadPath.InPlace,
            SecretWeights = situation.HasFlag(Situation.SecretWeights),
        });
        if (load.Error == nameof(SafeModelError.ProtectionUnavailable))
        {
            Assert.Ignore("This system has no secret memory of that size.");
        }

        return process.Crash();
    }

    private RestrictedProcess Launcher(Situation situation, bool isCore)
    {
        const long unlimited = -1;
        situation &= Situation.Root | Situation.NoSecretMemory;
        if (!_launchers.TryGetValue((situation, isCore), out var launcher))
        {
            launcher = new RestrictedProcess(
                _model.Folder,
                [
                    .. RestrictedProcess.Limit("CORE", isCore ? unlimited : 0),
                    .. situation.HasFlag(Situation.Root) ? [] : new[] { RestrictedProcess.Unprivileged },
                    .. situation.HasFlag(Situation.NoSecretMemory) ? RestrictedProcess.Refuse("memfd_secret", "ENOSYS") : [],
                ]);
            _launchers.Add((situation, isCore), launcher);
        }

        return launcher;
    }

    private string Contents(string file)
    {
        if (!File.Exists(file) || new FileInfo(file).Length == 0)
        {
            return NoFile;
        }

        var found = DumpFile.Count(file, [.. _model.Needles, _model.Needles[0].Mask]);
        Assert.That(found[^1], Is.Positive, "what the process holds in ordinary memory is in every dump");
        Assert.That((found[(int)SecretKey.Extracted], found[(int)SecretKey.Header], found[(int)SecretKey.Data]), Is.EqualTo((0, 0, 0)));
        var weights = _model.Weights.Keys.Select(needle => found[needle]).Distinct().ToList();
        return (weights, found[(int)SecretKey.Model]) switch
        {
            ([0], 0) => Neither,
            ([1], 0) => Weights,
            ([0], 1) => Key,
            ([1], 1) => WeightsAndKey,
            var (copies, keys) => $"weights {string.Join(" or ", copies)} times, keys {keys} times",
        };
    }
}
