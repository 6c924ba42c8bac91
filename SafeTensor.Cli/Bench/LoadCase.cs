namespace SafeTensor.Cli.Bench;

/// <summary>One row of the report: measured once a round.</summary>
/// <param name="Kind">What is measured.</param>
/// <param name="IsCold">Whether the files' pages are dropped from the page cache before.</param>
/// <param name="Runtime">Apache's runtime to load with; <see langword="null"/> for the embedded one.</param>
internal sealed record LoadCase(LoadKind Kind, bool IsCold, string? Runtime = null);
