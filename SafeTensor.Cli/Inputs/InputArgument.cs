namespace SafeTensor.Cli.Inputs;

/// <summary>One <c>--input [NAME=]FILE</c>.</summary>
/// <param name="Name">The model's input, or <see langword="null"/> where the model has only one.</param>
/// <param name="Path">The file.</param>
internal sealed record InputArgument(string? Name, string Path)
{
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    internal static InputArgument Parse(string text)
    {
        // A file's own name may contain "=".
        var split = File.Exists(text) ? -1 : text.IndexOf('=', StringComparison.Ordinal);
        var argument = split < 0 ? new InputArgument(null, text) : new InputArgument(text[..split], text[(split + 1)..]);
        return File.Exists(argument.Path) ? argument : throw new FileNotFoundException($"There is no input file '{argument.Path}'.", argument.Path);
    }
}
