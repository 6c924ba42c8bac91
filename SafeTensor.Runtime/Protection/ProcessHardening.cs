using System.Globalization;
using SafeTensor.Native;
using Arm = System.Runtime.Intrinsics.Arm;
using X86 = System.Runtime.Intrinsics.X86;

namespace SafeTensor.Runtime;

/// <summary>How well this process and its machine can keep secrets, and what ends dumps of it.</summary>
public sealed record ProcessHardening
{
    /// <summary>Whether programs of the same user, <c>createdump</c> and debuggers among them, may read this process's memory.</summary>
    public bool IsDumpable { get; init; }

    /// <summary>Whether the kernel writes no core file of this process, and hands none to a program.</summary>
    public bool CoreFilesDisabled { get; init; }

    /// <summary>
    /// Whether .NET's diagnostics port or its debugger's port is open. Through them, programs of the same user can load code into this
    /// process, also where it is not dumpable. The environment variable <c>DOTNET_EnableDiagnostics=0</c> closes both, from the start only.
    /// </summary>
    public bool DiagnosticsEnabled { get; init; }

    /// <summary>Whether this process runs as root, whose dump writers and debuggers read all memory but <c>memfd_secret</c>'s.</summary>
    public bool IsRoot { get; init; }

    /// <summary>Whether the kernel gave this process a page of <c>memfd_secret</c> memory: tried, and given back.</summary>
    public bool HasSecretMemory { get; init; }

    /// <summary>Whether the kernel gives huge pages to memory that asks for them, which makes loading faster.</summary>
    public bool HasHugePages { get; init; }

    /// <summary>Whether the processor has AES instructions, without which AES-256-GCM is slow.</summary>
    public bool HasAes { get; init; }

    /// <summary>How many bytes this process may lock, so that they cannot reach swap; <see cref="long.MaxValue"/> where nothing limits them.</summary>
    public long MemoryLockLimit { get; init; }

    /// <summary>What could be better, and what to change. Each begins with its subject and a colon.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>
    /// Ends debugging of this process and dumps of it, for good: debuggers of the same user cannot attach, <c>createdump</c> and
    /// <c>dotnet-dump</c> fail, and a crash leaves no core file. Call it first, before keys and models are loaded: whoever is attached already stays so.
    /// </summary>
    /// <remarks>
    /// It makes the process not dumpable (<c>PR_SET_DUMPABLE</c>) and sets the limit of core files to 0, soft and hard. Root is not kept out. .NET's
    /// diagnostics port, where it is open (<see cref="DiagnosticsEnabled"/>), stays open. The files of <c>/proc/self</c> belong to root from then on.
    /// Programs that this process starts are dumpable again, but keep the limit of core files. Any thread.
    /// </remarks>
    /// <returns>What took hold, read back from the kernel.</returns>
    /// <exception cref="PlatformNotSupportedException">This is not linux-x64.</exception>
    public static unsafe ProcessHardening Apply()
    {
        SupportedSystem.Require();

        // What fails shows in what is read back.
        _ = LibC.prctl(LibC.PR_SET_DUMPABLE, 0, 0, 0, 0);
        ResourceLimit none = default;
        _ = LibC.setrlimit(LibC.RLIMIT_CORE, &none);
        return Inspect();
    }

    /// <summary>Looks, and changes nothing.</summary>
    /// <returns>What holds now.</returns>
    /// <exception cref="PlatformNotSupportedException">This is not linux-x64.</exception>
    public static ProcessHardening Inspect()
    {
        SupportedSystem.Require();
        var (secretMemory, hugePages) = (SecretMemoryRefusal(), ProcessState.HugePageRefusal);
        var found = new ProcessHardening
        {
            IsDumpable = ProcessState.IsDumpable,
            CoreFilesDisabled = ProcessState.HasNoCoreFiles,
            DiagnosticsEnabled = ProcessState.HasDiagnostics,
            IsRoot = ProcessState.IsRoot,
            HasSecretMemory = secretMemory is null,
            HasHugePages = hugePages is null,
            HasAes = X86.Aes.IsSupported || Arm.Aes.IsSupported,
            MemoryLockLimit = ProcessState.MemoryLockLimit,
        };
        return found with { Warnings = [.. found.Warn(secretMemory, hugePages)] };
    }

    private static string? SecretMemoryRefusal()
    {
        try
        {
            ProtectedMemory.Reserve(1, MemoryKind.Secret).Dispose();
            return null;
        }
        catch (Exception e) when (e is SafeModelException or InsufficientMemoryException)
        {
            return e.Message;
        }
    }

    private IEnumerable<string> Warn(string? secretMemoryRefusal, string? hugePageRefusal)
    {
        var dumps = ProcessState.DumpCauses.ToList();
        foreach (var (subject, text) in dumps)
        {
            yield return $"{subject}: {text}";
        }

        if (IsDumpable && ProcessState.SystemFile("/proc/sys/kernel/yama/ptrace_scope") is null or "0")
        {
            yield return "debugger: every program of the same user may attach one (kernel.yama.ptrace_scope is 0, or this kernel has none): set it to 1 or more";
        }

        if (dumps.Count > 0 && ProcessState.IsSet("DbgEnableMiniDump"))
        {
            yield return "dumps: a crash writes one, with all secrets in it: unset DOTNET_DbgEnableMiniDump";
        }

        if (!CoreFilesDisabled)
        {
            yield return "core files: a crash writes one, with inputs and outputs in it, or hands it to the program that kernel.core_pattern names, whatever the limit is: "
                + "call ProcessHardening.Apply(), or set the limit to 0 (`ulimit -c 0`) and kernel.core_pattern to a file's name";
        }

        if (DiagnosticsEnabled)
        {
            yield return "diagnostics: .NET's diagnostics port is open, through which every program of the same user can load code into this process: start it with DOTNET_EnableDiagnostics=0";
        }

        if (MemoryLockLimit < GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"locked memory: {MemoryLockLimit} bytes in all can be locked, and weights beyond them may reach swap: raise RLIMIT_MEMLOCK ({ProcessState.LockLimitPlaces})");
        }

        if (secretMemoryRefusal is not null)
        {
            yield return $"secret memory: {secretMemoryRefusal}";
        }

        if (hugePageRefusal is not null)
        {
            yield return $"huge pages: {hugePageRefusal}; without them loading is slower";
        }

        if (!HasAes)
        {
            yield return "AES: the processor has no instructions for it: seal with ChaCha20-Poly1305, which is faster here";
        }
    }
}
