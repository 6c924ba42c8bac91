using System.Diagnostics;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests;

/// <summary>Runs the program where one of the system's calls always says that the disk is full: as network file systems do late, which reserve nothing for what is written.</summary>
internal static class FailingCall
{
    private const string Source =
        """
        #define _GNU_SOURCE
        #include <errno.h>
        #include <linux/filter.h>
        #include <linux/seccomp.h>
        #include <stddef.h>
        #include <sys/prctl.h>
        #include <sys/syscall.h>
        #include <unistd.h>

        int main(int count, char** arguments) {
          (void)count;
          struct sock_filter filter[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALL, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSPC),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
          };
          struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
          if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 126;
          if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return 126;
          execvp(arguments[1], arguments + 1);
          return 127;
        }
        """;

    /// <param name="call">Its name in C, as in <c>fsync</c>.</param>
    /// <param name="folder">For the program that makes it fail.</param>
    /// <param name="arguments">Of the program.</param>
    internal static CliRun Run(string call, string folder, params IReadOnlyList<string> arguments)
    {
        var launcher = Path.Combine(folder, $"without-{call}");
        CCompiler.CompileProgram(Source, launcher, $"-DCALL=SYS_{call}");
        var start = new ProcessStartInfo(launcher, ["dotnet", CliProcess.Program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        return CliProcess.End(process);
    }
}
