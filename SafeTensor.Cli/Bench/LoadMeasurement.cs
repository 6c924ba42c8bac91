using System.Text.Json;

namespace SafeTensor.Cli.Bench;

/// <summary>One load in a process of its own.</summary>
/// <param name="Milliseconds">From the call to its return.</param>
/// <param name="ResidentBytesBefore">What the process had resident before the call.</param>
/// <param name="PeakResidentBytes">The most that it ever had resident: memory of its own and of files.</param>
/// <param name="ResidentBytesAfter">What it has resident while the model is loaded.</param>
/// <param name="Runtime">The TVM runtime; <see langword="null"/> where none took part.</param>
internal sealed record LoadMeasurement(double Milliseconds, long ResidentBytesBefore, long PeakResidentBytes, long ResidentBytesAfter, string? Runtime)
{
    internal static LoadMeasurement ReadJson(string text)
    {
        using var document = JsonDocument.Parse(text);
        var json = document.RootElement;
        return new LoadMeasurement(
            json.GetProperty("milliseconds").GetDouble(),
            json.GetProperty("residentBytesBefore").GetInt64(),
            json.GetProperty("peakResidentBytes").GetInt64(),
            json.GetProperty("residentBytesAfter").GetInt64(),
            json.GetProperty("runtime").GetString());
    }

    internal void WriteJson(Utf8JsonWriter json)
    {
        json.WriteNumber("milliseconds", Milliseconds);
        json.WriteNumber("residentBytesBefore", ResidentBytesBefore);
        json.WriteNumber("peakResidentBytes", PeakResidentBytes);
        json.WriteNumber("residentBytesAfter", ResidentBytesAfter);
        json.WriteString("runtime", Runtime);
    }
}
