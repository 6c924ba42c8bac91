using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
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
        var bench = new Command("bench", "Measure what sealing costs.") { new BenchLoadVerb(), new MeasureLoadVerb() };
        foreach (var command in new[] { new KeygenVerb(), new SealVerb(), new SignVerb(), new InspectVerb(), new VerifyVerb(), new RunVerb(), new DemoVerb(), bench, new DoctorVerb() })
        {
            foreach (var verb in command.Subcommands.Append(command).OfType<Verb>())
            {
                verb.SetAction((parsed, stop) => RunVerbAsync(verb, new VerbContext(parsed, terminal, parsed.GetValue(json)), stop));
            }

            root.Add(command);
        }

        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);

        var parsed = root.Parse(args, Parser);
        if (parsed.Action is ParseErrorAction)
        {
            var message = string.Join(" ", parsed.Errors.Select(error => error.Message));
            var failure = Failure.Usage($"{message} See safetensor{PathOf(parsed.CommandResult)} --help.");
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

    // As it is typed behind the program's name.
    private static string PathOf(CommandResult result) => result.Parent is CommandResult parent ? $"{PathOf(parent)} {result.Command.Name}" : "";

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
