namespace SafeTensor.Cli.Bench;

/// <summary>All that <c>bench load</c> found.</summary>
/// <param name="Model">Where it is.</param>
/// <param name="WeightBytes">Of the model.</param>
/// <param name="Tensors">Of the model.</param>
/// <param name="IsGenerated">Whether its weights are random.</param>
/// <param name="Rounds">Each row is the median of.</param>
/// <param name="Rows">The loads, warm and cold.</param>
/// <param name="Floors">As <see cref="LoadKinds.Floors"/>.</param>
internal sealed record LoadResult(
    string Model, long WeightBytes, int Tensors, bool IsGenerated, int Rounds, IReadOnlyList<LoadRow> Rows, IReadOnlyList<LoadRow> Floors)
{
    internal Machine Machine { get; } = Machine.Read();

    /// <summary>What decrypting, reading and first touching take on this machine, one after the other.</summary>
    internal double FloorMilliseconds => Floors.Sum(floor => floor.Milliseconds);

    /// <summary>How often the floor fits into a load from the page cache; from a disk it says nothing.</summary>
    internal double? FloorRatio(LoadRow row) => row.Case.IsCold ? null : row.Milliseconds / FloorMilliseconds;

    internal double GigabytesPerSecond(double milliseconds) => WeightBytes / milliseconds / 1e6;

    internal IEnumerable<string> Runtimes => Rows.Select(row => row.Runtime).OfType<string>().Distinct().Select(TerminalText.Escape);
}
