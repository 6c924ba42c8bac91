using System.Text.Json;

namespace SafeTensor.Benchmarks.Plots;

/// <summary>One way to load in a chart: its median times, warm and cold.</summary>
/// <param name="Label">What it is.</param>
/// <param name="Warm">Milliseconds; <see langword="null"/> where it could not be measured.</param>
/// <param name="Cold">The same.</param>
internal sealed record LoadBar(string Label, double? Warm, double? Cold)
{
    /// <summary>In the order of the result's rows.</summary>
    internal static List<LoadBar> Read(JsonElement result)
    {
        var rows = result.GetProperty("rows").EnumerateArray().GroupBy(LabelOf).Select(group => new LoadBar(group.Key, Time(group, "warm"), Time(group, "cold")));
        return [.. rows.Where(bar => bar.Warm is not null)];
    }

    // The embedded runtime goes without saying.
    private static string LabelOf(JsonElement row)
    {
        var (name, runtime) = (row.GetProperty("name").GetString()!, row.GetProperty("runtime").GetString());
        return runtime is null || runtime.StartsWith("embedded", StringComparison.Ordinal) ? name : $"{name}\n{Path.GetFileName(runtime)}";
    }

    private static double? Time(IEnumerable<JsonElement> rows, string cache)
    {
        var row = rows.FirstOrDefault(row => row.GetProperty("cache").GetString() == cache);
        return row.ValueKind == JsonValueKind.Object && row.TryGetProperty("milliseconds", out var time) ? time.GetDouble() : null;
    }
}
