using System.CommandLine;

namespace SafeTensor.Cli.Verbs;

/// <summary>One verb of the command line: its arguments and options, its help, and what it does.</summary>
internal abstract class Verb : Command
{
    private protected Verb(string name, string description, params IReadOnlyList<string> examples)
        : base(name, description) => Examples = examples;

    /// <summary>Two command lines, shown at the end of the verb's help.</summary>
    internal IReadOnlyList<string> Examples { get; }

    /// <summary>Does the work and writes its results. Every failure is an exception.</summary>
    internal abstract Task RunAsync(VerbContext context, CancellationToken cancellationToken);
}
