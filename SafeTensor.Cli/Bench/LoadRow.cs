namespace SafeTensor.Cli.Bench;

/// <summary>What was measured of one case, a measurement a round; or why nothing was.</summary>
internal sealed class LoadRow(LoadCase measured)
{
    private readonly List<LoadMeasurement> _measurements = [];

    internal LoadCase Case => measured;

    /// <summary>Why the machine cannot do this; <see langword="null"/> where it can.</summary>
    internal string? Refusal { get; set; }

    internal IReadOnlyList<LoadMeasurement> Measurements => _measurements;

    internal string? Runtime => _measurements.Count > 0 ? _measurements[0].Runtime : null;

    internal double Milliseconds => Median(measurement => measurement.Milliseconds);

    internal long ResidentBytesBefore => (long)Median(measurement => measurement.ResidentBytesBefore);

    internal long PeakResidentBytes => (long)Median(measurement => measurement.PeakResidentBytes);

    internal long ResidentBytesAfter => (long)Median(measurement => measurement.ResidentBytesAfter);

    internal void Add(LoadMeasurement measurement) => _measurements.Add(measurement);

    private double Median(Func<LoadMeasurement, double> value)
    {
        var sorted = _measurements.Select(value).Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
