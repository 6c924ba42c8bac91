using System.Text.Json;

namespace SafeTensor.Tests;

/// <summary>A sealed package by another implementation, with its key and every value that derives from it.</summary>
internal sealed class Vector(string folder)
{
    internal string Folder { get; } = folder;

    internal JsonElement Json { get; } = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "vector.json"))).RootElement;

    internal byte[] Key => Bytes("model_key");

    internal byte[] Bytes(string name) => Convert.FromHexString(Json.GetProperty(name).GetString()!);

    internal long Number(string name) => Json.GetProperty(name).GetInt64();

    internal IEnumerable<JsonElement> Tensors => Json.GetProperty("tensors").EnumerateArray();

    internal IEnumerable<JsonElement> Files => Json.TryGetProperty("files", out var files) ? files.EnumerateArray() : [];

    /// <summary>The public keys, in PEM, of those who signed it.</summary>
    internal IEnumerable<string> Publishers => Json.TryGetProperty("publishers", out var keys) ? keys.EnumerateArray().Select(key => key.GetString()!) : [];

    internal static IEnumerable<string> Folders =>
        Directory.GetDirectories(TestData.PinnedVectors).Concat(TestData.SharedFolders("vectors")).Order(StringComparer.Ordinal);

    public override string ToString() => Path.GetFileName(Folder);
}
