namespace SafeTensor.Tests.Cli;

/// <summary>A folder with a key and the sample sealed with it, both made by the command line.</summary>
internal sealed class SealedDigits : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    internal SealedDigits(params string[] sealOptions)
    {
        Require(CliRun.Of("keygen", Key));
        Require(CliRun.Of(["seal", TestData.Digits, Path, "--key", Key, .. sealOptions]));
    }

    /// <summary>The sealed model's folder.</summary>
    internal string Path => _folder["digits"];

    internal string Key => _folder["digits.key"];

    /// <summary>A name in the same temporary folder.</summary>
    internal string this[string name] => _folder[name];

    internal static string Image(int number) => System.IO.Path.Combine(TestData.Digits, $"digit{number}.png");

    public void Dispose() => _folder.Dispose();

    private static void Require(CliRun run)
    {
        if (run.ExitCode != 0)
        {
            throw new InvalidOperationException(run.Error);
        }
    }
}
