using SafeTensor.Runtime;

namespace SafeTensor.Residue;

/// <summary>A line of JSON on the program's standard input.</summary>
internal sealed record Request
{
    public required Step Step { get; init; }

    public string Package { get; init; } = "";

    public string KeyFile { get; init; } = "";

    public KeySource KeySource { get; init; }

    public LoadPath LoadPath { get; init; }

    public string? RuntimeLibrary { get; init; }

    public bool SecretWeights { get; init; }

    public ProtectionLevel RequiredProtection { get; init; }

    /// <summary>Whether the load is cancelled at its first progress.</summary>
    public bool Cancels { get; init; }

    /// <summary>
    /// Whether the process is searched while it loads or resumes: at the first and the last progress, or with <see cref="LoadPath.LoadParams"/>
    /// whenever larger memory comes or goes, such as that which tensors pass through.
    /// </summary>
    public bool Searches { get; init; }

    /// <summary>How many threads decrypt, which the search at the first progress waits for.</summary>
    public int Workers { get; init; }

    /// <summary>How often to cycle.</summary>
    public int Times { get; init; }
}
