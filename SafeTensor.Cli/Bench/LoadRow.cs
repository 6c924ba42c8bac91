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

    internal long ResidentBytesBefore => Median(measurement => measurement.ResidentBytesBefore);

    internal long PeakResidentBytes => Median(measurement => measurement.PeakResidentBytes);

    internal long ResidentBytesAfter => Median(measurement => measurement.ResidentBytesAfter);

    internal void Add(LoadMeasurement measurement) => _measurements.Add(measurement);

    private T Median<T>(Func<LoadMeasurement, T> value) => _measurements.Select(value).Order().ElementAt(_measurements.Count / 2);
}
