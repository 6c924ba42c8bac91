using System.CommandLine;
using SafeTensor.Cli.Options;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Cli.Verbs;

/// <summary><c>safetensor verify PATH --key KEY</c>, or <c>--publisher FILE.pem</c>, or both</summary>
internal sealed class VerifyVerb : Verb
{
    private readonly Argument<string> _path = new("PATH") { Description = "The sealed model's folder." };
    private readonly KeyOption _key = new();
    private readonly PackageOptions _package = new();

    internal VerifyVerb()
        : base(
            "verify",
            "Check every byte of a sealed model as a load would, without running any of its code.",
            "safetensor verify dist/digits --key digits.key",
            "safetensor verify dist/digits --publisher publisher.pem")
    {
        Add(_path);
        Add(_key);
        _package.AddTo(this);
    }

    internal override async Task RunAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var path = context.Arguments.GetRequiredValue(_path);
        var options = _package.Read(context.Arguments);
        var package = context.Arguments.GetResult(_key) is null && options.TrustedPublishers.Count > 0
            ? await VerifySignatureAsync(context, path, options, cancellationToken)
            : await VerifyAllAsync(context, path, options, cancellationToken);
        PackageReport.Show(context, package, isVerified: true);
    }

    private async Task<PackageInfo> VerifyAllAsync(VerbContext context, string path, SafeModelOptions options, CancellationToken cancellationToken)
    {
        using var key = await _key.OpenAsync(context, cancellationToken);
        return await context.Terminal.WithProgressAsync(
            "Verifying", progress => ModelSealer.VerifyAsync(path, key, options, progress, cancellationToken));
    }

    // What a signature covers needs no key; what is encrypted stays so.
    private static Task<PackageInfo> VerifySignatureAsync(VerbContext context, string path, SafeModelOptions options, CancellationToken cancellationToken) =>
        options is { ExpectedModelId: null, MinimumVersion: 0, VersionFile: null }
            ? context.Terminal.WithProgressAsync(
                "Verifying", progress => ModelSealer.VerifyAsync(path, options.TrustedPublishers, progress, cancellationToken))
            : throw new UsageException("--model-id, --minimum-version and --version-file are checked together with the key: add --key.");
}
