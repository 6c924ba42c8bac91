using System.Diagnostics;
using NUnit.Framework;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests;

/// <summary>Runs the program where mounts and settings are changed for it alone: in mount and process namespaces, which end with it.</summary>
internal static class NamespaceProcess
{
    private const int NotPossible = 125;

    /// <param name="setUp">Shell commands that change them, joined by &amp;&amp;.</param>
    /// <param name="arguments">Of the program.</param>
    internal static CliRun Run(string setUp, params IReadOnlyList<string> arguments)
    {
        // Who is not the superuser may be one in a user namespace.
        string[] unshare = Environment.IsPrivilegedProcess ? [] : ["-r"];
        var start = new ProcessStartInfo(
            "unshare", [.. unshare, "-m", "-p", "-f", "--mount-proc", "sh", "-c", $"{setUp} || exit {NotPossible}\nexec \"$@\"", "sh", "dotnet", CliProcess.Program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var run = CliProcess.End(process);
        if (run.ExitCode == NotPossible || run.Error.StartsWith("unshare: ", StringComparison.Ordinal))
        {
            Assert.Ignore($"This system changes nothing for a test ({run.Error.Trim()}): it takes the superuser, or user namespaces.");
        }

        return run;
    }
}
