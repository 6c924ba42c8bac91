using System.CommandLine;
using SafeTensor.Cli.Verbs;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Options;

/// <summary><c>--key KEY</c>: where a key comes from. A key itself is never an argument, since every user of the machine can read those.</summary>
internal sealed class KeyOption : Option<string>
{
    private const string EnvironmentPrefix = "env:";

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

        return source.StartsWith(EnvironmentPrefix, StringComparison.Ordinal) ? ModelKey.FromEnvironment(source[EnvironmentPrefix.Length..])
            : File.Exists(source) ? ModelKey.FromFile(source)
            : LooksLikeAKey(source) ? throw new UsageException(
                "--key takes the place of a key, never the key itself. Put keys into a file or an environment variable; this one was readable to all processes of this machine, so make a new one.")
            : throw new FileNotFoundException($"There is no key file '{source}'. `safetensor keygen` makes one.", source);
    }

    private static ModelKey ReadInput(Terminal terminal)
    {
        using var input = terminal.OpenInput();
        return ModelKey.FromStream(input);
    }

    private static bool LooksLikeAKey(string text)
    {
        Span<byte> bytes = stackalloc byte[SafeModel.KeyLength + 1];
        return (text.Length == 2 * SafeModel.KeyLength && text.All(char.IsAsciiHexDigit))
            || (Convert.TryFromBase64String(text, bytes, out var length) && length == SafeModel.KeyLength);
    }
}
