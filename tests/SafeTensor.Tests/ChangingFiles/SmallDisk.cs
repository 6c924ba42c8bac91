using System.Diagnostics;
using NUnit.Framework;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests;

/// <summary>Runs the program with a disk of its own at some folder: a tmpfs in a mount namespace, which ends with the program.</summary>
internal static class SmallDisk
{
    internal const string ReadOnly = "read-only";

    private const int NoDisk = 125;

    /// <summary>$1: the mount's options, $2: the folder, $3: what is on the disk at first, or nothing, $4: whether it is read-only then; then the program and its arguments.</summary>
    private const string Script =
        """
        disk=$2
        content() { (cd "$disk" && find . -mindepth 1 | sort && find . -type f | sort | xargs -r sha256sum); }
        mount -t tmpfs -o "$1" safetensor-test "$disk" || exit 125
        if [ -n "$3" ]; then cp -r "$3" "$disk" || exit 125; fi
        if [ "$4" = read-only ]; then mount -o remount,bind,ro "$disk" || exit 125; fi
        shift 4
        content >&3
        "$@" 3>&-
        code=$?
        content >&4
        exit $code
        """;

    /// <param name="options">Of the mount, as in <c>size=100k</c>, or <see cref="ReadOnly"/>.</param>
    /// <param name="folder">An empty folder.</param>
    /// <param name="content">A folder to copy onto the disk first; <see langword="null"/> for none.</param>
    /// <param name="arguments">Of the program.</param>
    /// <returns>The run, and what was on the disk before and after it: names, and the hashes of files.</returns>
    internal static (CliRun Run, string Before, string After) Run(string options, string folder, string? content, params IReadOnlyList<string> arguments)
    {
        using var lists = new TemporaryFolder();
        var (before, after) = (lists["before"], lists["after"]);

        // Who is not the superuser may be one in a user namespace.
        string[] unshare = Environment.IsPrivilegedProcess ? ["-m"] : ["-rm"];
        var start = new ProcessStartInfo(
            "unshare", [.. unshare, "sh", "-c", $"exec 3>'{before}' 4>'{after}'\n{Script}", "sh", options == ReadOnly ? "size=10m" : options, folder, content ?? "", options, "dotnet", CliProcess.Program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var run = CliProcess.End(process);
        if (!File.Exists(after) || run.ExitCode == NoDisk)
        {
            Assert.Ignore($"This system mounts no disk for a test ({run.Error.Trim()}): it takes the superuser, or user namespaces.");
        }

        return (run, File.ReadAllText(before), File.ReadAllText(after));
    }
}
