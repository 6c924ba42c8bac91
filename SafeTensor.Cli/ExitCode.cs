namespace SafeTensor.Cli;

/// <summary>What the shell sees. Scripts depend on these numbers.</summary>
internal static class ExitCode
{
    internal const int Done = 0;
    internal const int Unexpected = 1;
    internal const int Usage = 2;
    internal const int FileNotFound = 3;
    internal const int InsufficientMemory = 4;

    /// <summary>The value of a <see cref="Runtime.SafeModelError"/> is added to it: 11 is a wrong key.</summary>
    internal const int Refused = 10;

    internal const int Cancelled = 130;
}
