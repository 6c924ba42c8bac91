using System.Globalization;
using System.Text.Json;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace SafeTensor.Benchmarks.Plots;

/// <summary>A chart of what <c>safetensor bench load --json</c> measured.</summary>
internal static class LoadPlot
{
    private const int Width = 1100, RowHeight = 62, Frame = 220;
    private const double BarSize = 0.36, Gap = 0.02;

    private static readonly Color Warm = Color.FromHex("#1f6f8b"), Cold = Color.FromHex("#a9cdd8"), Floor = Color.FromHex("#c0392b");

    /// <summary>Writes <paramref name="destination"/><c>.png</c> and <c>.svg</c>.</summary>
    internal static void Save(string result, string destination)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(result));
        var bars = LoadBar.Read(json.RootElement);
        using var plot = Draw(json.RootElement, bars);
        var height = Frame + (bars.Count * RowHeight);
        plot.SavePng(destination + ".png", Width, height);
        plot.SaveSvg(destination + ".svg", Width, height);
        Console.WriteLine($"{destination}.png, {destination}.svg");
    }

    private static Plot Draw(JsonElement result, List<LoadBar> loads)
    {
        var plot = new Plot();
        plot.Font.Set("DejaVu Sans");
        var bars = plot.Add.Bars(loads.SelectMany(Bars).ToArray());
        bars.Horizontal = true;
        bars.ValueLabelStyle.FontSize = 13;

        var floor = result.GetProperty("floor").GetProperty("milliseconds").GetDouble();
        var line = plot.Add.VerticalLine(floor, 2, Floor, LinePattern.Dashed);
        plot.Axes.Left.TickGenerator = new NumericManual([.. loads.Select((_, row) => -(double)row)], [.. loads.Select(load => load.Label)]);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.Left.TickLabelStyle.FontSize = 14;
        plot.Axes.Bottom.TickLabelStyle.FontSize = 13;
        plot.Axes.Margins(left: 0, right: 0.12);
        plot.Axes.SetLimitsY(0.45 - loads.Count, 0.55);
        plot.Grid.YAxisStyle.IsVisible = false;
        plot.Axes.Right.IsVisible = plot.Axes.Top.FrameLineStyle.IsVisible = false;

        var model = result.GetProperty("model");
        var machine = result.GetProperty("machine");
        plot.Title(FormattableString.Invariant($"Loading {model.GetProperty("weightBytes").GetInt64() / (double)(1 << 20):F0} MiB of weights"), 20);
        plot.XLabel(
            FormattableString.Invariant($"milliseconds, median of {result.GetProperty("rounds").GetInt32()}: less is better\n")
            + FormattableString.Invariant($"{machine.GetProperty("processor").GetString()}, {machine.GetProperty("threads").GetInt32()} threads; {machine.GetProperty("dotnet").GetString()}"), 14);
        AddLegend(plot, loads, line, floor);
        return plot;
    }

    // From the top down, the warm one above the cold.
    private static IEnumerable<Bar> Bars(LoadBar load, int row)
    {
        var offset = load.Cold is null ? 0 : (BarSize + Gap) / 2;
        if (load.Warm is { } warm)
        {
            yield return Bar(warm, offset - row, Warm);
        }

        if (load.Cold is { } cold)
        {
            yield return Bar(cold, -offset - row, Cold);
        }
    }

    private static Bar Bar(double milliseconds, double position, Color color) => new()
    {
        Value = milliseconds,
        Position = position,
        Size = BarSize,
        FillColor = color,
        LineWidth = 0,
        Label = milliseconds.ToString(milliseconds < 10 ? "F1" : "F0", CultureInfo.InvariantCulture),
    };

    private static void AddLegend(Plot plot, List<LoadBar> loads, ScottPlot.Plottables.VerticalLine floorLine, double floor)
    {
        var hasCold = loads.Exists(load => load.Cold is not null);
        floorLine.LegendText = FormattableString.Invariant($"what no sealed load can do without: decrypt, read and first touch, {floor:F0} ms");
        plot.Legend.ManualItems.Add(new LegendItem { LabelText = hasCold ? "files in the page cache" : "median time", FillColor = Warm });
        if (hasCold)
        {
            plot.Legend.ManualItems.Add(new LegendItem { LabelText = "files not in the page cache", FillColor = Cold });
        }

        var legend = plot.ShowLegend(Edge.Bottom);
        legend.Alignment = Alignment.MiddleCenter;
        plot.Legend.FontSize = 14;
        plot.Legend.OutlineWidth = 0;
        plot.Legend.ShadowColor = Colors.Transparent;
    }
}
