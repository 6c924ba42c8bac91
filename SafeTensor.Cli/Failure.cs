using SafeTensor.Runtime;

namespace SafeTensor.Cli;

/// <summary>Why a verb failed, as people, scripts and the shell are told.</summary>
/// <param name="Code">A <see cref="SafeModelError"/>, or <c>Usage</c>, <c>FileNotFound</c>, <c>InsufficientMemory</c>, <c>Cancelled</c>, <c>Unexpected</c>.</param>
/// <param name="ExitCode">For the shell.</param>
/// <param name="Message">What went wrong and the way out.</param>
/// <param name="Part">The place in a package, where there is one to name.</param>
internal sealed record Failure(string Code, int ExitCode, string Message, string? Part = null)
{
    internal static Failure From(Exception exception) => exception switch
    {
        SafeModelException e => new Failure(e.Error.ToString(), Cli.ExitCode.Refused + (int)e.Error, e.Message, e.Part),
        UsageException => Usage(exception.Message),
        ArgumentException e => Usage(WithoutParameterName(e)),
        OperationCanceledException => new Failure("Cancelled", Cli.ExitCode.Cancelled, "cancelled"),
        IOException or UnauthorizedAccessException => new Failure("FileNotFound", Cli.ExitCode.FileNotFound, exception.Message),
        OutOfMemoryException => new Failure("InsufficientMemory", Cli.ExitCode.InsufficientMemory, exception.Message),
        _ => new Failure("Unexpected", Cli.ExitCode.Unexpected, $"{exception.GetType().Name}: {exception.Message}"),
    };

    internal static Failure Usage(string message) => new("Usage", Cli.ExitCode.Usage, message);

    internal void Report(Terminal terminal, bool asJson)
    {
        if (asJson)
        {
            terminal.WriteJson(json =>
            {
                json.WriteStartObject("error");
                json.WriteString("code", Code);
                json.WriteString("message", Message);
                if (Part is not null)
                {
                    json.WriteString("part", Part);
                }

                json.WriteEndObject();
            });
        }
        else
        {
            terminal.Complain($"{Message} ({Code})");
        }
    }

    // .NET appends the name of a parameter of ours, which says nothing to somebody at a shell.
    private static string WithoutParameterName(ArgumentException exception) =>
        exception.ParamName is { } name ? exception.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : exception.Message;
}
