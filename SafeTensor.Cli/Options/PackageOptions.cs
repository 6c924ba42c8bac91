using System.CommandLine;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Options;

/// <summary>Which package is expected: <c>--model-id</c>, <c>--minimum-version</c> and <c>--version-file</c>.</summary>
internal sealed class PackageOptions
{
    private readonly Option<string> _modelId = new("--model-id") { HelpName = "ID", Description = "Refuse a package of any other model." };
    private readonly Option<ulong> _minimumVersion = new("--minimum-version") { HelpName = "N", Description = "Refuse an older package." };
    private readonly Option<string> _versionFile = new("--version-file") { HelpName = "PATH", Description = "A file that remembers the highest version that ever loaded; refuse an older package." };

    internal void AddTo(Command command)
    {
        command.Add(_modelId);
        command.Add(_minimumVersion);
        command.Add(_versionFile);
    }

    internal SafeModelOptions Read(ParseResult arguments) => new()
    {
        ExpectedModelId = arguments.GetValue(_modelId),
        MinimumVersion = arguments.GetValue(_minimumVersion),
        VersionFile = arguments.GetValue(_versionFile),
    };
}
