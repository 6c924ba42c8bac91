using System.Globalization;
using System.Text.Json;
using SafeTensor.Cli.Inputs;
using SafeTensor.Runtime;
using Spectre.Console;

namespace SafeTensor.Cli;

/// <summary>What one run gave, as a table, as JSON and as files.</summary>
internal sealed class RunReport(SafeModel model, ModelOutputs outputs, TimeSpan loadTime, TimeSpan runTime, string? outputDirectory)
{
    private const int MaxElementsInJson = 10_000;

    /// <summary>Writes <c>output0.npy</c> and so on, where a folder was given.</summary>
    internal void SaveOutputs()
    {
        if (outputDirectory is null)
        {
            return;
        }

        Directory.CreateDirectory(outputDirectory);
        for (var i = 0; i < outputs.Count; i++)
        {
            NpyFile.Write(FilePath(i)!, outputs[i]);
        }
    }

    internal void Write(Terminal terminal)
    {
        var table = new Table { Border = TableBorder.Rounded };
        table.AddColumns("output", "first values", "largest");
        for (var i = 0; i < outputs.Count; i++)
        {
            var summary = OutputSummary.Of(outputs[i]);
            table.AddRow(new Text(TerminalText.Escape(model.Outputs[i].As(outputs[i].ElementType, outputs[i].Shape).ToString()!)), new Text(summary.FirstValues), new Text(summary.Largest));
        }

        terminal.Out.Write(table);
        terminal.Remark(string.Create(
            CultureInfo.InvariantCulture,
            $"{Identity()}; runtime {model.Runtime}; loaded in {loadTime.TotalMilliseconds:F1} ms, run in {runTime.TotalMilliseconds:F2} ms; protection {model.Protection.Level}"));
        foreach (var reason in model.Protection.Reasons)
        {
            terminal.Remark($"  {reason}");
        }
    }

    internal void WriteJson(Utf8JsonWriter json)
    {
        if (model.Package is { } package)
        {
            json.WriteStartObject("model");
            json.WriteString("id", package.ModelId);
            json.WriteNumber("version", package.ModelVersion);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("model");
        }

        json.WriteString("runtime", model.Runtime);
        WriteProtection(json, model.Protection);
        json.WriteNumber("loadMilliseconds", Math.Round(loadTime.TotalMilliseconds, 3));
        json.WriteNumber("runMilliseconds", Math.Round(runTime.TotalMilliseconds, 3));
        json.WriteStartArray("outputs");
        for (var i = 0; i < outputs.Count; i++)
        {
            WriteOutput(json, i);
        }

        json.WriteEndArray();
    }

    private static void WriteProtection(Utf8JsonWriter json, ProtectionReport protection)
    {
        json.WriteStartObject("protection");
        json.WriteString("level", protection.Level.ToString());
        json.WriteNumber("weightBytes", protection.WeightBytes);
        json.WriteNumber("lockedBytes", protection.LockedBytes);
        json.WriteNumber("hugePageBytes", protection.HugePageBytes);
        json.WriteBoolean("isReadOnly", protection.IsReadOnly);
        json.WriteBoolean("isInSecretMemory", protection.IsInSecretMemory);
        json.WriteBoolean("isExcludedFromCoreFiles", protection.IsExcludedFromCoreFiles);
        json.WriteStartArray("reasons");
        foreach (var reason in protection.Reasons)
        {
            json.WriteStringValue(reason);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteOutput(Utf8JsonWriter json, int index)
    {
        var value = outputs[index];
        json.WriteStartObject();
        json.WriteString("name", model.Outputs[index].Name);
        json.WriteString("elementType", value.ElementType.ToString());
        json.WriteStartArray("shape");
        foreach (var dimension in value.Shape)
        {
            json.WriteNumberValue(dimension);
        }

        json.WriteEndArray();
        if (FilePath(index) is { } file)
        {
            json.WriteString("file", file);
        }
        else if (value.Bytes.Length / value.ElementType.ByteLength() <= MaxElementsInJson)
        {
            JsonNumbers.Write(json, "data", value);
        }

        json.WriteEndObject();
    }

    private string Identity() => model.Package is { } package ? $"{package.ModelId}, version {package.ModelVersion}" : "an unprotected model";

    private string? FilePath(int index) => outputDirectory is null ? null : Path.Combine(outputDirectory, $"output{index}.npy");
}
