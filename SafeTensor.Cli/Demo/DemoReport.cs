using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace SafeTensor.Cli.Demo;

/// <summary>The tour's result for people and for scripts.</summary>
internal static class DemoReport
{
    private const int MostPicturesInARow = 5;

    internal static void Write(IAnsiConsole console, DemoResult result)
    {
        console.MarkupLine($"[bold]Sealed[/] the model {Markup.Escape(TerminalText.Escape(result.Name))} with a fresh key: {result.Package.EncryptedBytes} bytes are ciphertext.");
        console.WriteLine();
        console.Write(Refusals(result));
        console.WriteLine();
        var runtime = $"(runtime {Markup.Escape(TerminalText.Escape(result.Runtime))})";
        if (result.Predictions.Count > 0)
        {
            var right = result.Predictions.Count(prediction => prediction.IsRight);
            console.MarkupLine($"[bold]Loaded[/] with its key, it reads {right} of {result.Predictions.Count} digits as their label says {runtime}:");
            console.WriteLine();
            console.Write(Pictures(result, console.Profile));
        }
        else
        {
            console.MarkupLine($"[bold]Loaded[/] with its key, and run on zeros {runtime}.");
        }

        console.WriteLine();
        console.Write(Measurements(result));
        console.WriteLine(
            (result.Copies is { } copies ? $"Copies are counted by a search of the {copies.ScannedBytes >> 20} MiB that this process can read. " : "There are no weights to look for outside of the code. ")
            + $"Protection level: {result.Protection}.");
    }

    internal static void WriteJson(Utf8JsonWriter json, DemoResult result)
    {
        json.WriteString("model", result.Name);
        json.WriteString("runtime", result.Runtime);
        json.WriteString("protection", result.Protection.ToString());
        json.WriteNumber("encryptedBytes", result.Package.EncryptedBytes);
        json.WriteStartArray("refusals");
        foreach (var (attack, refusal) in result.Refusals)
        {
            json.WriteStartObject();
            json.WriteString("attack", attack);
            json.WriteString("code", refusal.Error.ToString());
            json.WriteString("message", refusal.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("predictions");
        foreach (var prediction in result.Predictions)
        {
            json.WriteStartObject();
            json.WriteString("file", prediction.Digit.File);
            json.WriteNumber("label", prediction.Digit.Label);
            json.WriteNumber("predicted", prediction.Predicted);
            json.WriteNumber("probability", prediction.Probability);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("comparedOutputs", result.ComparedOutputs);
        json.WriteNumber("equalOutputs", result.EqualOutputs);
        WriteTimes(json, "plain", result.Plain);
        WriteTimes(json, "sealed", result.Sealed);
        if (result.Copies is not { } copies)
        {
            json.WriteNull("weightCopies");
            return;
        }

        json.WriteStartObject("weightCopies");
        json.WriteNumber("beforeLoad", copies.BeforeLoad);
        json.WriteNumber("loaded", copies.Loaded);
        json.WriteNumber("disposed", copies.Disposed);
        json.WriteNumber("scannedBytes", copies.ScannedBytes);
        json.WriteEndObject();
    }

    private static Table Refusals(DemoResult result)
    {
        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle("What an attacker sees") };
        table.AddColumns("tried with", "refused as", "message");
        foreach (var (attack, refusal) in result.Refusals)
        {
            table.AddRow(new Text(attack), new Text(refusal.Error.ToString(), new Style(Color.Red)), new Text(TerminalText.Escape(refusal.Message)));
        }

        return table;
    }

    private static Grid Pictures(DemoResult result, Profile profile)
    {
        var inColour = profile.Capabilities.ColorSystem != ColorSystem.NoColors;
        var columns = Math.Clamp(profile.Width / (DigitPicture.Width + 2), 1, MostPicturesInARow);
        var grid = new Grid();
        for (var i = 0; i < columns; i++)
        {
            grid.AddColumn(new GridColumn { Width = DigitPicture.Width, NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        foreach (var row in result.Predictions.Chunk(columns))
        {
            grid.AddRow([.. row.Select(prediction => DigitPicture.Draw(prediction.Digit, inColour))]);
            grid.AddRow([.. row.Select(Caption)]);
            grid.AddEmptyRow();
        }

        return grid;
    }

    private static IRenderable Caption(DemoPrediction prediction)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{prediction.Predicted}  {prediction.Probability:P1}{(prediction.IsRight ? "" : $", is {prediction.Digit.Label}")}");
        return new Text(text, new Style(prediction.IsRight ? Color.Green : Color.Yellow));
    }

    private static Table Measurements(DemoResult result)
    {
        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle("What sealing costs, and where the weights are") };
        table.AddColumns("", "plain", "sealed");
        table.AddRow($"load, median of {result.Sealed.Loads}", Milliseconds(result.Plain.Load), Milliseconds(result.Sealed.Load));
        table.AddRow($"run, median of {result.Sealed.Runs}", Microseconds(result.Plain.Run), Microseconds(result.Sealed.Run));
        table.AddRow("outputs equal, bit for bit", "", $"{result.EqualOutputs} of {result.ComparedOutputs}");
        if (result.Copies is { } copies)
        {
            table.AddRow("copies of the weights in memory: before the load", "", Number(copies.BeforeLoad));
            table.AddRow("    while loaded", "", Number(copies.Loaded));
            table.AddRow("    after dispose", "", Number(copies.Disposed));
        }

        return table;
    }

    private static void WriteTimes(Utf8JsonWriter json, string name, DemoTimes times)
    {
        json.WriteStartObject(name);
        json.WriteNumber("loadMilliseconds", Math.Round(times.Load.TotalMilliseconds, 4));
        json.WriteNumber("runMicroseconds", Math.Round(times.Run.TotalMicroseconds, 1));
        json.WriteEndObject();
    }

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("F2", CultureInfo.InvariantCulture) + " ms";

    private static string Microseconds(TimeSpan time) => time.TotalMicroseconds.ToString("F1", CultureInfo.InvariantCulture) + " µs";

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
