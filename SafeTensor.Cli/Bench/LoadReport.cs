using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace SafeTensor.Cli.Bench;

/// <summary>The result of <c>bench load</c> for people and for scripts.</summary>
internal static class LoadReport
{
    private static readonly string[] FloorMembers = ["aesMilliseconds", "preadMilliseconds", "firstTouchMilliseconds"];

    internal static void Write(Terminal terminal, LoadResult result)
    {
        var (console, machine) = (terminal.Out, result.Machine);
        console.WriteLine(TerminalText.Escape($"{machine.Processor}, {machine.Cores} cores, {machine.Threads} threads; {machine.DotNet}; runtime {string.Join(" and ", result.Runtimes)}"));
        console.WriteLine(TerminalText.Escape(
            $"{result.Model}: {Mebibytes(result.WeightBytes)} MiB of weights{(result.IsGenerated ? ", random," : "")} in {result.Tensors} tensors; medians of {result.Rounds}"));
        console.WriteLine();
        console.Write(Loads(result));
        console.WriteLine();
        console.Write(Floors(result));
        foreach (var (name, refusal) in result.Rows.Where(row => row.Refusal is not null).Select(row => (Name(row), row.Refusal!)).Distinct())
        {
            terminal.Remark($"{name} was not measured: {refusal}");
        }

        terminal.Remark(result.Rows.Any(row => row.Case.IsCold)
            ? "Cold means that this system's page cache forgot the files; the disk, or the machine that this one is a guest of, may still have them in memory."
            : "Nothing was measured cold: the files are in a file system that is all in memory (the variable TMPDIR names another place).");
    }

    internal static void WriteJson(Utf8JsonWriter json, LoadResult result)
    {
        result.Machine.WriteJson(json, result.Runtimes);
        json.WriteStartObject("model");
        json.WriteString("path", result.Model);
        json.WriteNumber("weightBytes", result.WeightBytes);
        json.WriteNumber("tensors", result.Tensors);
        json.WriteBoolean("isGenerated", result.IsGenerated);
        json.WriteEndObject();
        json.WriteNumber("rounds", result.Rounds);
        json.WriteStartObject("floor");
        json.WriteNumber("milliseconds", Math.Round(result.FloorMilliseconds, 3));
        json.WriteNumber("gigabytesPerSecond", Math.Round(result.GigabytesPerSecond(result.FloorMilliseconds), 3));
        foreach (var (name, row) in FloorMembers.Zip(result.Floors))
        {
            json.WriteNumber(name, Math.Round(row.Milliseconds, 3));
        }

        json.WriteEndObject();
        json.WriteStartArray("rows");
        foreach (var row in result.Rows)
        {
            json.WriteStartObject();
            WriteRow(json, result, row);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRow(Utf8JsonWriter json, LoadResult result, LoadRow row)
    {
        json.WriteString("name", row.Case.Kind.Name());
        json.WriteString("cache", row.Case.IsCold ? "cold" : "warm");
        json.WriteString("runtime", row.Runtime ?? row.Case.Runtime);
        json.WriteNumber("threads", row.Case.Kind.Threads());
        json.WriteNumber("sessions", row.Case.Kind.Sessions());
        if (row.Refusal is not null)
        {
            json.WriteString("refusal", row.Refusal);
            return;
        }

        json.WriteNumber("milliseconds", Math.Round(row.Milliseconds, 3));
        json.WriteNumber("gigabytesPerSecond", Math.Round(result.GigabytesPerSecond(row.Milliseconds), 3));
        if (result.FloorRatio(row) is { } ratio)
        {
            json.WriteNumber("floorRatio", Math.Round(ratio, 3));
        }

        json.WriteNumber("peakResidentBytes", row.PeakResidentBytes);
        json.WriteNumber("residentBytesBefore", row.ResidentBytesBefore);
        json.WriteNumber("residentBytesAfter", row.ResidentBytesAfter);
        json.WriteStartArray("allMilliseconds");
        foreach (var measurement in row.Measurements)
        {
            json.WriteNumberValue(Math.Round(measurement.Milliseconds, 3));
        }

        json.WriteEndArray();
    }

    private static Table Loads(LoadResult result)
    {
        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle("Loading, each in a process of its own") };
        table.AddColumns("", "warm, ms", "GB/s", "of the floor", "cold, ms", "GB/s", "RSS before, MiB", "at most", "after");
        AlignNumbers(table);
        foreach (var warm in result.Rows.Where(row => !row.Case.IsCold))
        {
            var cold = result.Rows.FirstOrDefault(row => row.Case == warm.Case with { IsCold = true });
            table.AddRow(
            [
                new Text(Name(warm)),
                .. Speed(result, warm), new Text(warm.Refusal is null && result.FloorRatio(warm) is { } ratio ? Number(ratio, "F2") + " ×" : ""),
                .. Speed(result, cold),
                .. warm.Refusal is null ? Memory(warm) : [new Text(""), new Text(""), new Text("")],
            ]);
        }

        return table;
    }

    private static Table Floors(LoadResult result)
    {
        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle("The floor of a sealed load") };
        table.AddColumns("", "ms", "GB/s");
        AlignNumbers(table);
        foreach (var row in result.Floors)
        {
            table.AddRow([new Text(row.Case.Kind.Name()), .. Speed(result, row)]);
        }

        var (sum, speed) = (result.FloorMilliseconds, result.GigabytesPerSecond(result.FloorMilliseconds));
        table.AddRow(new Text("all three"), new Text(Number(sum, "F1")), new Text(Number(speed, "F2")));
        return table;
    }

    private static void AlignNumbers(Table table)
    {
        foreach (var column in table.Columns.Skip(1))
        {
            column.RightAligned();
        }
    }

    private static IEnumerable<Text> Speed(LoadResult result, LoadRow? row) => row is { Refusal: null }
        ? [new Text(Number(row.Milliseconds, "F1")), new Text(Number(result.GigabytesPerSecond(row.Milliseconds), "F2"))]
        : [new Text(row is null ? "" : "–"), new Text("")];

    private static IEnumerable<Text> Memory(LoadRow row) =>
        new[] { row.ResidentBytesBefore, row.PeakResidentBytes, row.ResidentBytesAfter }.Select(bytes => new Text(Mebibytes(bytes)));

    // Only a second runtime needs to be told from the first; which it is, the first line says.
    private static string Name(LoadRow row) => row.Case.Kind.Name() + (row.Case.Runtime is null ? "" : ", --runtime");

    private static string Mebibytes(long bytes) => Number(bytes / (double)(1 << 20), "F1");

    private static string Number(double number, string format) => number.ToString(format, CultureInfo.InvariantCulture);
}
