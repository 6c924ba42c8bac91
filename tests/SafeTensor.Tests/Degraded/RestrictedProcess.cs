using System.Diagnostics;
using NUnit.Framework;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests;

/// <summary>The program on a machine that gives it less than it asks for: a small launcher takes things away from itself and then becomes the program.</summary>
internal sealed class RestrictedProcess
{
    /// <summary>A user who is nobody, where the tests run as the superuser, whom few limits hold.</summary>
    internal const string Unprivileged = "UNPRIVILEGED";

    internal const string NoHugePages = "NO_HUGE_PAGES", OneProcessor = "ONE_PROCESSOR";

    private const string Source =
        """
        #define _GNU_SOURCE
        #include <errno.h>
        #include <grp.h>
        #include <linux/filter.h>
        #include <linux/seccomp.h>
        #include <sched.h>
        #include <stddef.h>
        #include <stdio.h>
        #include <sys/prctl.h>
        #include <sys/resource.h>
        #include <sys/syscall.h>
        #include <unistd.h>

        #ifndef SYS_memfd_secret
        #define SYS_memfd_secret 447
        #endif

        #define REQUIRE(call) if ((call) != 0) { perror(#call); return 126; }

        int main(int count, char** arguments) {
          (void)count;
        #ifdef LIMIT
          struct rlimit limit = {VALUE, VALUE};
          REQUIRE(setrlimit(LIMIT, &limit));
        #endif
        #ifdef NO_HUGE_PAGES
          REQUIRE(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
        #endif
        #ifdef ONE_PROCESSOR
          cpu_set_t all, one;
          REQUIRE(sched_getaffinity(0, sizeof all, &all));
          int processor = 0;
          while (!CPU_ISSET(processor, &all)) ++processor;
          CPU_ZERO(&one);
          CPU_SET(processor, &one);
          REQUIRE(sched_setaffinity(0, sizeof one, &one));
        #endif
        #ifdef UNPRIVILEGED
          if (geteuid() == 0) {
            REQUIRE(setgroups(0, NULL));
            REQUIRE(setresgid(65534, 65534, 65534));
            REQUIRE(setresuid(65534, 65534, 65534));
          }
        #endif
        #ifdef REFUSED
          struct sock_filter filter[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, REFUSED, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ERROR),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
          };
          struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
          REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
          REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
        #endif
          execvp(arguments[1], arguments + 1);
          return 127;
        }
        """;

    private readonly string _folder;
    private readonly string _launcher;

    /// <param name="folder">Of the test: for the launcher, and opened to all users where the program is another's.</param>
    /// <param name="restrictions">The names above, and what <see cref="Limit"/> and <see cref="Refuse"/> give.</param>
    internal RestrictedProcess(string folder, params IReadOnlyList<string> restrictions)
    {
        (_folder, _launcher) = (folder, Path.Combine(folder, $"launcher-{Guid.NewGuid():N}"));
        CCompiler.CompileProgram(Source, _launcher, [.. restrictions.Select(restriction => $"-D{restriction}")]);
        if (restrictions.Contains(Unprivileged))
        {
            OpenToAll(folder);
            using var process = Start(["test", "-r", CliProcess.Program], []);
            if (CliProcess.End(process).ExitCode != 0)
            {
                Assert.Ignore("The user nobody may not read what was built here.");
            }
        }
    }

    /// <param name="resource">Its name in C.</param>
    /// <param name="value">Soft and hard.</param>
    internal static string[] Limit(string resource, long value) => [$"LIMIT=RLIMIT_{resource}", $"VALUE={value}UL"];

    /// <param name="call">Its name in C.</param>
    /// <param name="error">What it says, in C.</param>
    internal static string[] Refuse(string call, string error) => [$"REFUSED=SYS_{call}", $"ERROR={error}"];

    /// <summary>Runs the program.</summary>
    internal CliRun Run(params IReadOnlyList<string> arguments)
    {
        using var process = Start(["dotnet", CliProcess.Program, .. arguments], []);
        return CliProcess.End(process);
    }

    /// <summary>Starts the program with <see cref="StartupHook"/>, whose line comes first on its error stream.</summary>
    internal Process StartWithHook(bool isHardened, IReadOnlyList<string> arguments, params IReadOnlyList<(string Name, string Value)> environment)
    {
        // A program that is made to be published natively says that it has no hooks.
        const string Switch = "\"System.StartupHookProvider.IsSupported\": ";
        var settings = File.ReadAllText(Path.ChangeExtension(CliProcess.Program, ".runtimeconfig.json"));
        Assert.That(settings, Does.Contain(Switch + "false"));
        var configuration = Path.Combine(_folder, "hooks.runtimeconfig.json");
        File.WriteAllText(configuration, settings.Replace(Switch + "false", Switch + "true", StringComparison.Ordinal));

        return Start(
            ["dotnet", "exec", "--runtimeconfig", configuration, CliProcess.Program, .. arguments],
            [.. environment, ("DOTNET_STARTUP_HOOKS", typeof(StartupHook).Assembly.Location), .. isHardened ? [(StartupHook.Hardens, "1")] : Array.Empty<(string, string)>()]);
    }

    private static void OpenToAll(string folder)
    {
        const UnixFileMode Read = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        const UnixFileMode Enter = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        File.SetUnixFileMode(folder, Read | Enter | UnixFileMode.UserWrite);
        foreach (var entry in new DirectoryInfo(folder).GetFileSystemInfos("*", SearchOption.AllDirectories))
        {
            entry.UnixFileMode |= entry is DirectoryInfo ? Read | Enter : Read;
        }
    }

    /// <summary>Starts any program.</summary>
    internal Process Start(IReadOnlyList<string> command, IReadOnlyList<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo(_launcher, command)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
