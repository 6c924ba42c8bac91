using System.CommandLine;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Options;

/// <summary>Which package is expected: <c>--model-id</c> and <c>--minimum-version</c>.</summary>
internal sealed class PackageOptions
{
    private readonly Option<string> _modelId = new("--model-id") { HelpName = "ID", Description = "Refuse a package of any other model." };
    private readonly Option<ulong> _minimumVersion = new("--minimum-version") { HelpName = "N", Description = "Refuse an older package." };

    internal void AddTo(Command command)
    {
        command.Add(_modelId);
        command.Add(_minimumVersion);
    }

    internal SafeModelOptions Read(ParseResult arguments) =>
        new() { ExpectedModelId = arguments.GetValue(_modelId), MinimumVersion = arguments.GetValue(_minimumVersion) };
}
