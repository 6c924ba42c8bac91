using System.CommandLine;

namespace SafeTensor.Cli.Options;

/// <summary><c>--runtime</c>: Apache's runtime in place of the embedded one.</summary>
internal sealed class RuntimeOption : Option<string>
{
    internal RuntimeOption()
        : base("--runtime") => (HelpName, Description) = ("PATH", "Apache's libtvm_runtime.so: what models of current TVM (Relax) run on, and others instead of the embedded runtime.");

    /// <exception cref="FileNotFoundException">There is no library there.</exception>
    internal string? Read(ParseResult arguments)
    {
        var path = arguments.GetValue(this);
        return path is null || File.Exists(path) ? path
            : Directory.Exists(path) ? throw new UsageException($"--runtime '{path}' is a folder: name the file, such as '{Path.Combine(path, "libtvm_runtime.so")}'.")
            : throw new FileNotFoundException($"There is no runtime library '{path}'.", path);
    }
}
