using System.CommandLine;
using SafeTensor.Cli.Options;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Cli.Verbs;

/// <summary><c>safetensor verify PATH --key KEY</c></summary>
internal sealed class VerifyVerb : Verb
{
    private readonly Argument<string> _path = new("PATH") { Description = "The sealed model's folder." };
    private readonly KeyOption _key = new() { Required = true };
    private readonly PackageOptions _package = new();

    internal VerifyVerb()
        : base(
            "verify",
            "Check every byte of a sealed model as a load would, without running any of its code.",
            "safetensor verify dist/digits --key digits.key",
            "safetensor verify dist/digits --key env:DIGITS_KEY --model-id digits --minimum-version 7")
    {
        Add(_path);
        Add(_key);
        _package.AddTo(this);
    }

    internal override async Task RunAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var path = context.Arguments.GetRequiredValue(_path);
        var options = _package.Read(context.Arguments);
        using var key = await _key.OpenAsync(context, cancellationToken);
        var package = await context.Terminal.WithProgressAsync(
            "Verifying", progress => ModelSealer.VerifyAsync(path, key, options, progress, cancellationToken));
        if (context.AsJson)
        {
            context.Terminal.WriteJson(json =>
            {
                PackageReport.WriteJson(json, package);
                json.WriteBoolean("verified", true);
            });
        }
        else
        {
            PackageReport.Write(context.Terminal.Out, package);
        }
    }
}
