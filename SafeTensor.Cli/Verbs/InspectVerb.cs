using System.CommandLine;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Verbs;

/// <summary><c>safetensor inspect PATH</c></summary>
internal sealed class InspectVerb : Verb
{
    private readonly Argument<string> _path = new("PATH") { Description = "The sealed model's folder." };

    internal InspectVerb()
        : base(
            "inspect",
            "Show what a sealed model claims to be. Needs no key, and so proves nothing.",
            "safetensor inspect dist/digits",
            "safetensor inspect dist/digits --json") => Add(_path);

    internal override Task RunAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var package = PackageInfo.Read(context.Arguments.GetRequiredValue(_path));
        PackageReport.Show(context, package);

        return Task.CompletedTask;
    }
}
