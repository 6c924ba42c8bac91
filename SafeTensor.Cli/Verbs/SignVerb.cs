using System.CommandLine;
using SafeTensor.Cli.Options;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Cli.Verbs;

/// <summary><c>safetensor sign PATH --key FILE.pem</c></summary>
internal sealed class SignVerb : Verb
{
    private readonly Argument<string> _path = new("PATH") { Description = "The sealed model's folder; mod.sig is written into it." };
    private readonly Option<string> _key = new("--key") { Required = true, HelpName = "FILE.pem", Description = "The publisher's private key, on P-256 or P-384." };
    private readonly Option<string> _password = new("--password-env") { HelpName = "NAME", Description = "The environment variable that holds the private key's password." };

    internal SignVerb()
        : base(
            "sign",
            "Sign a sealed model as its publisher. Needs no model key.",
            "safetensor sign dist/digits --key publisher.key.pem",
            "safetensor sign dist/digits --key publisher.key.pem --password-env PUBLISHER_PASSWORD")
    {
        Add(_path);
        Add(_key);
        Add(_password);
    }

    internal override async Task RunAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var path = context.Arguments.GetRequiredValue(_path);
        using var key = SigningKey.Read(context.Arguments.GetRequiredValue(_key), context.Arguments.GetValue(_password));
        await Task.Run(() => ModelSealer.Sign(path, key), cancellationToken);
        var package = PackageInfo.Read(path);
        PackageReport.Show(context, package);
    }
}
