using System.Globalization;
using System.Text.Json;
using SafeTensor.Cli.Verbs;
using SafeTensor.Runtime;
using Spectre.Console;

namespace SafeTensor.Cli;

/// <summary>What is known of a package, as a table and as JSON.</summary>
internal static class PackageReport
{
    private const int MostShown = 16;

    /// <summary>Writes what is known of a package as the caller of a verb wants it.</summary>
    /// <param name="context">Of the verb.</param>
    /// <param name="package">What is known.</param>
    /// <param name="isVerified">Whether every byte was checked.</param>
    internal static void Show(VerbContext context, PackageInfo package, bool isVerified = false)
    {
        if (!context.AsJson)
        {
            Write(context.Terminal.Out, package);
            return;
        }

        context.Terminal.WriteJson(json =>
        {
            WriteJson(json, package);
            if (isVerified)
            {
                json.WriteBoolean("verified", true);
            }
        });
    }

    private static void Write(IAnsiConsole console, PackageInfo package)
    {
        var table = new Table { Border = TableBorder.Rounded, ShowHeaders = false };
        table.AddColumns("", "");
        Add(table, "package", package.Path);
        Add(table, "model", $"{package.ModelId}, version {package.ModelVersion}");
        Add(table, "sealed", Date(package.Created) + (package.Producer.Length == 0 ? "" : $" by {package.Producer}"));
        Add(table, "not after", package.NotAfter is { } date ? Date(date) : "never expires");
        Add(table, "cipher", $"{package.Suite}, segments of {package.SegmentSize / 1024} KiB");
        Add(table, "encrypted", $"{package.EncryptedBytes} bytes; {package.TensorCount} tensors{ClearTensors(package)}");
        Add(table, "code", package.IsCodeSealed ? "encrypted" : "readable, or absent");
        Add(table, "graph", package.IsGraphSealed ? "encrypted" : "readable, or absent");
        Add(table, "signed", package.IsSigned ? "yes; `safetensor verify --publisher` checks by whom" : "no");
        Add(table, "inputs", Tensors(package.Inputs));
        Add(table, "outputs", Tensors(package.Outputs));
        Add(table, "file id", package.FileId);
        Add(table, "verified", package.IsAuthenticated ? "yes: the key or a trusted publisher vouches for all of this" : "no: anybody can have written this; `safetensor verify` checks it");
        console.Write(table);
    }

    private static void WriteJson(Utf8JsonWriter json, PackageInfo package)
    {
        json.WriteBoolean("isAuthenticated", package.IsAuthenticated);
        json.WriteString("path", package.Path);
        json.WriteString("modelId", package.ModelId);
        json.WriteString("fileId", package.FileId);
        json.WriteString("producer", package.Producer);
        json.WriteNumber("modelVersion", package.ModelVersion);
        json.WriteString("created", package.Created);
        if (package.NotAfter is { } notAfter)
        {
            json.WriteString("notAfter", notAfter);
        }
        else
        {
            json.WriteNull("notAfter");
        }

        json.WriteString("suite", package.Suite.ToString());
        json.WriteNumber("segmentSize", package.SegmentSize);
        json.WriteNumber("tensorCount", package.TensorCount);
        json.WriteNumber("encryptedBytes", package.EncryptedBytes);
        json.WriteStartArray("clearTensors");
        foreach (var name in package.ClearTensors)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        json.WriteBoolean("isCodeSealed", package.IsCodeSealed);
        json.WriteBoolean("isGraphSealed", package.IsGraphSealed);
        json.WriteBoolean("isSigned", package.IsSigned);
        WriteTensors(json, "inputs", package.Inputs);
        WriteTensors(json, "outputs", package.Outputs);
    }

    private static void WriteTensors(Utf8JsonWriter json, string name, IReadOnlyList<TensorInfo> tensors)
    {
        json.WriteStartArray(name);
        foreach (var tensor in tensors)
        {
            json.WriteStartObject();
            json.WriteString("name", tensor.Name);
            json.WriteString("elementType", tensor.ElementType.ToString());
            json.WriteStartArray("shape");
            foreach (var length in tensor.Shape)
            {
                json.WriteNumberValue(length);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Add(Table table, string name, string value) =>
        table.AddRow(new Text(name, new Style(Color.Grey)), new Text(TerminalText.Escape(value)));

    private static string Tensors(IReadOnlyList<TensorInfo> tensors) => tensors.Count switch
    {
        0 => "unknown",
        <= MostShown => string.Join("; ", tensors),
        _ => $"{string.Join("; ", tensors.Take(MostShown))}; and {tensors.Count - MostShown} more",
    };

    private static string ClearTensors(PackageInfo package) => package.ClearTensors.Count switch
    {
        0 => "",
        <= 8 => $", readable: {string.Join(", ", package.ClearTensors)}",
        _ => $", {package.ClearTensors.Count} of them readable",
    };

    private static string Date(DateTimeOffset date) => date.ToString("u", CultureInfo.InvariantCulture);
}
