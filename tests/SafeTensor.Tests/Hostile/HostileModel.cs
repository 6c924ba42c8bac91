using NUnit.Framework;
using System.Text;
using System.Text.Json;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>The sample with hostile texts in its files, and packages that a hostile holder of the key makes.</summary>
internal static class HostileModel
{
    /// <summary>A plain model whose input, whose first operator and, as far as it may be, whose last weight have such a name.</summary>
    internal static string Make(TemporaryFolder folder, string text, string name = "model")
    {
        var model = folder.CopyOf(TestData.Digits, name);
        EditGraph(model, "\"image\"", Json(text));
        EditGraph(model, "\"name\": \"tvmgen_default_fused_layout_transform\"", $"\"name\": {Json(text)}");
        EditGraph(model, "\"p7\"", Json(WeightName(text)));
        RenameParameter(model, "p7", WeightName(text));
        return model;
    }

    /// <summary>Skips a test that runs a model with such names on Apache's runtimes.</summary>
    internal static void RequireReaderOfEscapes()
    {
        if (TestRuntime.Library is not null)
        {
            Assert.Ignore("Apache's runtimes refuse graphs with \\u escapes, which control characters need in JSON.");
        }
    }

    internal static string WeightName(string text) => "w" + HostileText.AsTensorName(text);

    internal static string Json(string text) => JsonSerializer.Serialize(text);

    internal static void EditGraph(string model, string text, string other)
    {
        var path = Path.Combine(model, "mod.json");
        var graph = File.ReadAllText(path);
        if (!graph.Contains(text, StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"The graph has no {text}.");
        }

        File.WriteAllText(path, graph.Replace(text, other, StringComparison.Ordinal));
    }

    internal const long Needed = 1, RunPath = 29;

    /// <summary>A library whose only needed library, or what else <paramref name="tag"/> says, is this text of nine bytes.</summary>
    internal static void EditLibrary(string model, string text, long tag)
    {
        const long stringTable = 5;
        var path = Path.Combine(model, "mod.so");
        var bytes = File.ReadAllBytes(path);
        var at = bytes.AsSpan().IndexOf("libm.so.6\0"u8);
        Encoding.UTF8.GetBytes(text).CopyTo(bytes, at);
        var table = -1L;
        for (var entry = bytes.Length / 8 * 8 - 16; entry >= 0; entry -= 8)
        {
            // The table lies where its address says, since it is in the first segment.
            table = BitConverter.ToInt64(bytes, entry) == stringTable && table < 0 ? BitConverter.ToInt64(bytes, entry + 8) : table;
            if (table >= 0 && BitConverter.ToInt64(bytes, entry) == Needed && BitConverter.ToInt64(bytes, entry + 8) == at - table)
            {
                BitConverter.GetBytes(tag).CopyTo(bytes, entry);
                break;
            }
        }

        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Gives a sealed package another manifest, with all that goes with it, as whoever has the key can.</summary>
    internal static void Forge(string package, byte[] key, Func<Manifest, Manifest> change)
    {
        byte[] forged;
        using (var parameters = SealedParams.Open(package))
        {
            var header = parameters.Header;
            var rest = parameters.ReadRest();
            var manifest = change(ManifestReader.Read(rest.AsMemory(0, header.BodyLength), header, "mod.params"));
            var body = ManifestWriter.Encode(manifest);
            using var keys = new KeySchedule(key, header.Salt, header.Suite);
            var tags = rest.AsSpan(header.BodyLength);
            var begin = ManifestHeader.Create(header.Suite, header.SegmentSize, header.Salt, header.FileId.Span, body, tags, keys);
            var data = File.ReadAllBytes(Path.Combine(package, "mod.params")).AsSpan((int)parameters.ManifestOffset + ManifestHeader.Length + rest.Length);
            forged = [.. SealedStructure.Prefix(manifest.Tensors, ManifestHeader.Length + body.Length + tags.Length), .. begin.Bytes, .. body, .. tags, .. data];
        }

        File.WriteAllBytes(Path.Combine(package, "mod.params"), forged);
    }

    /// <summary>The same part by another name.</summary>
    internal static ManifestPart Renamed(ManifestPart part, string name) => new()
    {
        Number = part.Number,
        Name = name,
        Length = part.Length,
        IsEncrypted = part.IsEncrypted,
        Root = part.Root,
        Tensor = part.Tensor is { } tensor ? tensor with { Name = name } : null,
        Kind = part.Kind,
    };

    /// <summary>The same manifest with another model, producer, tensors or files.</summary>
    internal static Manifest With(Manifest manifest, string? modelId = null, string? producer = null, IReadOnlyList<ManifestPart>? tensors = null, IReadOnlyList<ManifestPart>? files = null) => new()
    {
        ModelId = modelId ?? manifest.ModelId,
        ModelVersion = manifest.ModelVersion,
        Created = manifest.Created,
        NotAfter = manifest.NotAfter,
        Producer = producer ?? manifest.Producer,
        Tensors = tensors ?? manifest.Tensors,
        Files = files ?? manifest.Files,
    };

    private static void RenameParameter(string model, string name, string other)
    {
        var path = Path.Combine(model, "mod.params");
        var bytes = File.ReadAllBytes(path);
        var length = BitConverter.GetBytes((long)name.Length);
        var at = bytes.AsSpan().IndexOf([.. length, .. Encoding.ASCII.GetBytes(name)]);
        var text = Encoding.UTF8.GetBytes(other);
        File.WriteAllBytes(path, [.. bytes[..at], .. BitConverter.GetBytes((long)text.Length), .. text, .. bytes[(at + length.Length + name.Length)..]]);
    }
}
