using System.Diagnostics;
using System.Text.Json;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Bench;

/// <summary>This program once more, as a process of its own.</summary>
internal static class FreshProcess
{
    /// <param name="arguments">All users of the machine can read them, so no secret is among them.</param>
    /// <param name="input">What it finds on its standard input.</param>
    /// <param name="cancellationToken">Ends the process.</param>
    /// <returns>What it wrote to its standard output.</returns>
    /// <exception cref="SafeModelException">The process was refused a model, for that reason.</exception>
    /// <exception cref="InvalidOperationException">It failed otherwise.</exception>
    internal static async Task<string> ReadAsync(IReadOnlyList<string> arguments, ProtectedMemory? input, CancellationToken cancellationToken)
    {
        using var process = Start(arguments);
        try
        {
            Feed(process, input);
            // A process leaves streams that were asked for to whoever asked.
            using var output = process.StandardOutput;
            using var error = process.StandardError;
            var remarks = error.ReadToEndAsync(cancellationToken);
            var text = await output.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == ExitCode.Done ? text : throw FailureOf(process.ExitCode, text, await remarks);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
                process.WaitForExit();
            }
        }
    }

    private static Process Start(IReadOnlyList<string> arguments)
    {
        // A managed program may be one that `dotnet` was told to run.
        var host = Environment.ProcessPath ?? throw new InvalidOperationException("The system does not tell which program this is.");
        IReadOnlyList<string> program = Path.GetFileNameWithoutExtension(host) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
        var start = new ProcessStartInfo(host, [.. program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // A runtime that is killed would leave its pipes for debuggers in the temporary folder.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return Process.Start(start)!;
    }

    private static void Feed(Process process, ProtectedMemory? input)
    {
        try
        {
            if (input is not null)
            {
                process.StandardInput.BaseStream.Write(input.Span);
            }

            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already, and its exit status says why.
        }
    }

    private static Exception FailureOf(int exitCode, string output, string errors)
    {
        var message = output.StartsWith('{') ? JsonDocument.Parse(output).RootElement.GetProperty("error").GetProperty("message").GetString()! : errors.Trim();
        var error = (SafeModelError)(exitCode - ExitCode.Refused);
        return Enum.IsDefined(error) ? new SafeModelException(error, message)
            : exitCode == ExitCode.Cancelled ? new OperationCanceledException(message)
            : new InvalidOperationException($"a process that measures ended with status {exitCode}: {message}");
    }
}
