using System.CommandLine;

namespace SafeTensor.Cli.Verbs;

/// <summary>What a verb works with.</summary>
/// <param name="Arguments">The parsed command line.</param>
/// <param name="Terminal">Where results and remarks go.</param>
/// <param name="AsJson">Whether results are one JSON object.</param>
internal sealed record VerbContext(ParseResult Arguments, Terminal Terminal, bool AsJson);
