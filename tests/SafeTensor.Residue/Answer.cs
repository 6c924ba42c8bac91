namespace SafeTensor.Residue;

/// <summary>A line of JSON on the program's standard output.</summary>
internal sealed record Answer
{
    /// <summary>Of a load that failed: the error's name.</summary>
    public string Error { get; init; } = "";

    public List<Scan> Scans { get; init; } = [];

    /// <summary>Of the model's protection report.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    public long ResidentBytes { get; init; }

    /// <summary>What each open descriptor stands for.</summary>
    public List<string> Descriptors { get; init; } = [];

    /// <summary>The names of all mappings that have one.</summary>
    public List<string> FileMappings { get; init; } = [];

    public int AnonymousMappings { get; init; }
}
