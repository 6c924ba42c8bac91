using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using SafeTensor.Cli.Verbs;

namespace SafeTensor.Cli;

/// <summary>The whole command line: verbs, <c>--json</c>, help, and how failures become exit codes.</summary>
internal static class CommandLine
{
    private const string JsonName = "--json";

    private static readonly ParserConfiguration Parser = new() { ResponseFileTokenReplacer = null };

    internal static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken)
    {
        var json = new Option<bool>(JsonName) { Description = "Write exactly one JSON object to standard output.", Recursive = true };
        var root = new RootCommand("Seals, checks and runs TVM models whose weights stay encrypted on disk.") { json };
        foreach (Verb verb in new Verb[] { new KeygenVerb(), new SealVerb(), new SignVerb(), new InspectVerb(), new VerifyVerb(), new RunVerb(), new DemoVerb(), new DoctorVerb() })
        {
            verb.SetAction((parsed, stop) => RunVerbAsync(verb, new VerbContext(parsed, terminal, parsed.GetValue(json)), stop));
            root.Add(verb);
        }

        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);

        var parsed = root.Parse(args, Parser);
        if (parsed.Action is ParseErrorAction)
        {
            var verb = parsed.CommandResult.Command is Verb { Name: var name } ? $" {name}" : "";
            var message = string.Join(" ", parsed.Errors.Select(error => error.Message));
            var failure = Failure.Usage($"{message} See safetensor{verb} --help.");
            failure.Report(terminal, args.Contains(JsonName));
            return failure.ExitCode;
        }

        // Signals and exceptions are handled here and in Program, the same way for every verb.
        var configuration = new InvocationConfiguration
        {
            Output = terminal.Out.Profile.Out.Writer,
            Error = terminal.Error.Profile.Out.Writer,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        return await parsed.InvokeAsync(configuration, cancellationToken);
    }

    private static async Task<int> RunVerbAsync(Verb verb, VerbContext context, CancellationToken cancellationToken)
    {
        try
        {
            await verb.RunAsync(context, cancellationToken);
            return context.ExitCode;
        }
        catch (Exception e)
        {
            var failure = Failure.From(e);
            failure.Report(context.Terminal, context.AsJson);
            return failure.ExitCode;
        }
    }
}
