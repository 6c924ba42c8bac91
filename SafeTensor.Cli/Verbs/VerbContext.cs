using System.CommandLine;

namespace SafeTensor.Cli.Verbs;

/// <summary>What a verb works with.</summary>
/// <param name="Arguments">The parsed command line.</param>
/// <param name="Terminal">Where results and remarks go.</param>
/// <param name="AsJson">Whether results are one JSON object.</param>
internal sealed record VerbContext(ParseResult Arguments, Terminal Terminal, bool AsJson)
{
    /// <summary>What the shell sees when the verb has done its work, which may have been to find out that something is amiss.</summary>
    internal int ExitCode { get; set; } = Cli.ExitCode.Done;
}
