using System.CommandLine;
using SafeTensor.Cli.Verbs;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Options;

/// <summary><c>--key KEY</c>: where a key comes from. A key itself is never an argument, since every user of the machine can read those.</summary>
internal sealed class KeyOption : Option<string>
{
    private const string EnvironmentPrefix = "env:";

    /// <summary>A little less than base64 takes for 32 bytes.</summary>
    private const int ShortestKeyText = 40;

    internal KeyOption()
        : base("--key")
    {
        Description = "Where the key is: a file's path, - for standard input (both 32 bytes), or env:NAME (base64 or hexadecimal).";
        HelpName = "KEY";
    }

    /// <exception cref="UsageException">No source was given, or the key itself.</exception>
    /// <exception cref="OperationCanceledException">Standard input was waited for in vain.</exception>
    internal async Task<ModelKey> OpenAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var source = context.Arguments.GetValue(this);
        if (string.IsNullOrEmpty(source))
        {
            throw new UsageException("--key KEY is missing: a key file's path, - for standard input, or env:NAME.");
        }

        if (source == "-")
        {
            context.Terminal.Remark($"Reading the key, {SafeModel.KeyLength} bytes, from standard input.");

            // A read from a terminal or a pipe cannot be cancelled; waiting for it can.
            return await Task.Run(() => ReadInput(context.Terminal), CancellationToken.None).WaitAsync(cancellationToken);
        }

        return source.StartsWith(EnvironmentPrefix, StringComparison.Ordinal) ? FromEnvironment(source[EnvironmentPrefix.Length..])
            : File.Exists(source) ? ModelKey.FromFile(source)
            : MayHoldAKey(source) ? throw KeyItself()
            : throw new FileNotFoundException($"There is no key file '{source}'. `safetensor keygen` makes one.", source);
    }

    private static ModelKey FromEnvironment(string variable)
    {
        try
        {
            return ModelKey.FromEnvironment(variable);
        }
        catch (SafeModelException) when (MayHoldAKey(variable))
        {
            // The reason repeats the name.
            throw KeyItself();
        }
    }

    private static ModelKey ReadInput(Terminal terminal)
    {
        using var input = terminal.OpenInput();
        return ModelKey.FromStream(input);
    }

    // In whatever way it is written: as hexadecimal digits, base64 or base64url, with or without what people put around that.
    private static bool MayHoldAKey(string text)
    {
        // Letters and slashes are what paths are made of. One whose folder is there is meant as a path.
        var name = Directory.Exists(Path.GetDirectoryName(text)) ? Path.GetFileName(text) : text;
        var run = 0;
        foreach (var c in name)
        {
            run = char.IsAsciiLetterOrDigit(c) || c is '+' or '/' or '-' or '_' ? run + 1 : 0;
            if (run == ShortestKeyText)
            {
                return true;
            }
        }

        return false;
    }

    private static UsageException KeyItself() => new(
        "--key takes the place of a key, never the key itself. There is no key in the place that was given, which is not repeated, since it could be one. "
        + "Put keys into a file or an environment variable. If it was one, it was readable to all processes of this machine: make a new one.");
}
