using System.CommandLine;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Options;

/// <summary>Which package is expected: <c>--model-id</c>, <c>--minimum-version</c>, <c>--version-file</c>, <c>--publisher</c>.</summary>
internal sealed class PackageOptions
{
    private readonly Option<string> _modelId = new("--model-id") { HelpName = "ID", Description = "Refuse a package of any other model." };
    private readonly Option<ulong> _minimumVersion = new("--minimum-version") { HelpName = "N", Description = "Refuse an older package." };
    private readonly Option<string> _versionFile = new("--version-file") { HelpName = "PATH", Description = "A file that remembers the highest version that loaded: refuse an older package." };
    private readonly Option<string[]> _publishers = new("--publisher") { HelpName = "FILE.pem", Description = "Refuse a package that the owner of this public key has not signed; may be repeated: any of them will do." };
    private readonly Option<bool> _allowUnsigned = new("--allow-unsigned") { Description = "Do without a publisher where the key itself does not tell who sealed the package." };

    internal Option[] All => [_modelId, _minimumVersion, _versionFile, _publishers, _allowUnsigned];

    internal void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Add(option);
        }
    }

    /// <exception cref="IOException">A publisher's file cannot be read.</exception>
    internal SafeModelOptions Read(ParseResult arguments) => new()
    {
        ExpectedModelId = arguments.GetValue(_modelId),
        MinimumVersion = arguments.GetValue(_minimumVersion),
        VersionFile = arguments.GetValue(_versionFile),
        TrustedPublishers = [.. (arguments.GetValue(_publishers) ?? []).Select(File.ReadAllText)],
        AllowUnsigned = arguments.GetValue(_allowUnsigned),
    };
}
