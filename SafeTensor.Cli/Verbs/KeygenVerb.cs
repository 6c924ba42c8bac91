using System.CommandLine;
using SafeTensor.Runtime;
using Spectre.Console;

namespace SafeTensor.Cli.Verbs;

/// <summary><c>safetensor keygen FILE</c></summary>
internal sealed class KeygenVerb : Verb
{
    private readonly Argument<string> _file = new("FILE") { Description = "The new key file: 32 random bytes that only you can read. An existing file is never overwritten." };

    internal KeygenVerb()
        : base(
            "keygen",
            "Make a new random key.",
            "safetensor keygen digits.key",
            "safetensor keygen /run/secrets/digits.key --json") => Add(_file);

    internal override Task RunAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var path = context.Arguments.GetRequiredValue(_file);
        if (File.Exists(path) || Directory.Exists(path))
        {
            throw new UsageException($"'{path}' exists already, and a key is never overwritten: choose another name.");
        }

        ModelKey.CreateFile(path).Dispose();
        if (context.AsJson)
        {
            context.Terminal.WriteJson(json => json.WriteString("path", Path.GetFullPath(path)));
        }
        else
        {
            context.Terminal.Out.WriteLine(TerminalText.Escape(path));
            context.Terminal.Remark("Keep a copy of it in a safe place: without its key a sealed model is lost.");
        }

        return Task.CompletedTask;
    }
}
