using System.Text.Json;
using SafeTensor.Cli;

namespace SafeTensor.Tests.Cli;

/// <summary>One call of the command line, in this process, with its streams redirected.</summary>
internal sealed record CliRun(int ExitCode, string Output, string Error)
{
    /// <summary>Standard output as the one JSON object that it must be.</summary>
    internal JsonElement Json => JsonDocument.Parse(Output).RootElement;

    internal static CliRun Of(params string[] arguments) => With(arguments, input: null);

    internal static CliRun With(string[] arguments, Stream? input, CancellationToken cancellationToken = default)
    {
        // The tests' other models have decided on this process's runtime.
        arguments = TestRuntime.Library is { } library && arguments is ["run" or "doctor", ..] && !arguments.Contains("--runtime") ? [.. arguments, "--runtime", library] : arguments;
        using StringWriter output = new(), error = new();
        var terminal = new Terminal(output, outputIsTerminal: false, error, errorIsTerminal: false, () => input ?? Stream.Null);
        var exitCode = CommandLine.RunAsync(arguments, terminal, cancellationToken).GetAwaiter().GetResult();
        return new CliRun(exitCode, output.ToString(), error.ToString());
    }
}
