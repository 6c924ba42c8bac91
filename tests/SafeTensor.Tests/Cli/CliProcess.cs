using System.Diagnostics;

namespace SafeTensor.Tests.Cli;

/// <summary>The program as users start it: a process of its own.</summary>
internal static class CliProcess
{
    internal static readonly string Program = Path.Combine(AppContext.BaseDirectory, "safetensor.dll");

    /// <summary>Starts it with all of its streams redirected.</summary>
    internal static Process Start(IReadOnlyList<string> arguments, params IReadOnlyList<(string Name, string Value)> environment)
    {
        // A test run that was started in a shell's background ignores Ctrl-C, and its children would: users' shells start programs that do not.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", Program, .. arguments])
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

    /// <summary>Starts it and waits for its end.</summary>
    internal static CliRun Run(IReadOnlyList<string> arguments, params IReadOnlyList<(string Name, string Value)> environment)
    {
        using var process = Start(arguments, environment);
        return End(process);
    }

    /// <summary>Waits for its end.</summary>
    internal static CliRun End(Process process)
    {
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new CliRun(process.ExitCode, output, error.Result);
    }
}
