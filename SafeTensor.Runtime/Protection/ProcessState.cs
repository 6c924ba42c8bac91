using System.Globalization;
using System.Runtime.InteropServices;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>What the kernel says of this process, asked anew each time: much of it changes while a program runs.</summary>
/// <remarks>Sources: prctl(2), getrlimit(2), capabilities(7), proc(5), core(5).</remarks>
internal static unsafe class ProcessState
{
    /// <summary>Where to raise the limit of locked memory, for messages.</summary>
    internal const string LockLimitPlaces = "`ulimit -l`, LimitMEMLOCK= of a systemd unit, --ulimit memlock= of a container";

    private const int CapSysPtrace = 19;
    private const long PageSize = 4096;

    /// <summary>Whether programs of the same user may read its memory, and a crash may leave a core file.</summary>
    internal static bool IsDumpable => LibC.prctl(LibC.PR_GET_DUMPABLE, 0, 0, 0, 0) != 0;

    internal static bool IsRoot => LibC.geteuid() == 0;

    /// <summary>Why a dump of this process can be made, and what to change; nothing where none can. Each with its subject.</summary>
    internal static IEnumerable<(string Subject, string Text)> DumpCauses
    {
        get
        {
            if (IsRoot)
            {
                yield return ("user", "this process runs as root, whose dump writers and debuggers may read all: run it as a user of its own");
            }
            else if (MayTraceAll)
            {
                yield return ("user", "this process, and the dump writers that it starts, may trace every other (CAP_SYS_PTRACE): take that capability away");
            }

            if (Status("TracerPid") is not (null or "0"))
            {
                yield return ("debugger", "a debugger is attached, and reads what it likes: start this process anew, without it");
            }

            if (IsDumpable)
            {
                yield return ("dumps", "this process is dumpable: call ProcessHardening.Apply() before a key is loaded");
            }
        }
    }

    /// <summary>How many bytes may be locked; <see cref="long.MaxValue"/> where nothing limits them.</summary>
    internal static long MemoryLockLimit
    {
        get
        {
            ResourceLimit limit;
            return LibC.getrlimit(LibC.RLIMIT_MEMLOCK, &limit) != 0 ? 0
                : limit.Current > long.MaxValue / 4 || MayLockMoreThan((long)limit.Current) ? long.MaxValue
                : (long)limit.Current;
        }
    }

    /// <summary>Why memory gets no huge pages although it asks for them, and what to change; <see langword="null"/> where it gets them.</summary>
    internal static string? HugePageRefusal =>
        LibC.prctl(LibC.PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1 ? "they are disabled for this process (PR_SET_THP_DISABLE): let whoever starts it leave them on"
        : SystemFile("/sys/kernel/mm/transparent_hugepage/enabled") is not { } modes ? "this kernel has none"
        : modes.Contains("[never]", StringComparison.Ordinal) ? "they are off: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"
        : null;

    /// <summary>Whether the kernel writes no core file of it. A limit of 0 does not hold for programs that take core files from the kernel.</summary>
    internal static bool HasNoCoreFiles
    {
        get
        {
            ResourceLimit limit;
            return !IsDumpable
                || (LibC.getrlimit(LibC.RLIMIT_CORE, &limit) == 0 && limit.Current == 0 && SystemFile("/proc/sys/kernel/core_pattern") is { } pattern && pattern[0] is not ('|' or '@'));
        }
    }

    /// <summary>Whether .NET's diagnostics port or its debugger's is open: through either, another process of this user can run code in this one.</summary>
    internal static bool HasDiagnostics
    {
        get
        {
            // The runtime took both names from its first environment, and the process's start time keeps them apart from those of processes before it.
            var folder = Marshal.PtrToStringUTF8((nint)LibC.getenv("TMPDIR")) is { Length: > 0 } named ? named : "/tmp";
            var id = $"{Environment.ProcessId}-{StartTime}";
            return File.Exists(Path.Combine(folder, $"dotnet-diagnostic-{id}-socket")) || File.Exists(Path.Combine(folder, $"clr-debug-pipe-{id}-in"));
        }
    }

    /// <summary>Whether a setting of .NET's own, which it reads from the environment at its start, is other than 0.</summary>
    internal static bool IsSet(string setting) =>
        (Environment.GetEnvironmentVariable($"DOTNET_{setting}") ?? Environment.GetEnvironmentVariable($"COMPlus_{setting}"))?.Trim('0') is { Length: > 0 };

    private static bool MayTraceAll =>
        Status("CapPrm") is { } mask && ((ulong.Parse(mask, NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> CapSysPtrace) & 1) != 0;

    // The fields after the name, which may hold spaces, begin with the third; this one is the twenty-second.
    private static string StartTime => SystemFile("/proc/self/stat") is { } stat ? stat[stat.LastIndexOf(')')..].Split(' ')[20] : "";

    /// <summary>The first line of a file of the kernel's; <see langword="null"/> where there is none, or this process may not read it.</summary>
    internal static string? SystemFile(string path) => Lines(path) is [{ Length: > 0 } line, ..] ? line : null;

    private static string? Status(string field) =>
        Array.Find(Lines("/proc/self/status"), line => line.StartsWith(field + ":", StringComparison.Ordinal))?[(field.Length + 1)..].Trim();

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // A capability lifts the limit, but not in every container that shows it, so it is tried: on pages that nobody can touch and that so take no memory.
    private static bool MayLockMoreThan(long limit)
    {
        var length = (nuint)((limit / PageSize) + 1) * (nuint)PageSize;
        var pages = LibC.mmap(null, length, LibC.PROT_NONE, LibC.MAP_PRIVATE | LibC.MAP_ANONYMOUS | LibC.MAP_NORESERVE, -1, 0);
        if (pages == (void*)-1)
        {
            return false;
        }

        var isLocked = LibC.mlock2(pages, length, LibC.MLOCK_ONFAULT) == 0;
        LibC.munmap(pages, length);
        return isLocked;
    }
}
