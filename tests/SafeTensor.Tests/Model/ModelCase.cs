using System.Text.Json;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>A compiled model of <c>shared/models</c>, with inputs and the outputs that another engine computed from them.</summary>
internal sealed class ModelCase
{
    private readonly string _folder;
    private readonly JsonElement _case;

    private ModelCase(string folder, JsonElement model)
    {
        _folder = folder;
        _case = model;
    }

    /// <summary>The folders of the models that a CPU of this kind runs.</summary>
    internal static IEnumerable<string> Folders => TestData.SharedFolders("models").Where(folder => Description(folder) is { } model
        && !model.TryGetProperty("device", out _)
        && (!model.TryGetProperty("platform", out var platform) || platform.GetString() == "linux-x64-baseline")
        && model.GetProperty("cases").GetArrayLength() > 0);

    internal static IEnumerable<ModelCase> In(string folder) =>
        Description(folder)!.Value.GetProperty("cases").EnumerateArray().Select(one => new ModelCase(folder, one));

    internal Dictionary<string, TensorValue> Inputs() => _case.GetProperty("inputs").EnumerateArray().ToDictionary(
        input => input.GetProperty("name").GetString()!,
        input => TensorValue.Create(TypeOf(input), File.ReadAllBytes(FileOf(input)), Shape(input)));

    internal IEnumerable<ExpectedOutput> Outputs() => _case.GetProperty("outputs").EnumerateArray().Select(output => new ExpectedOutput(
        output.GetProperty("index").GetInt32(), TypeOf(output), Shape(output), File.ReadAllBytes(FileOf(output)),
        output.GetProperty("rtol").GetDouble(), output.GetProperty("atol").GetDouble()));

    private static JsonElement? Description(string folder)
    {
        var path = Path.Combine(folder, "model.json");
        return File.Exists(path) ? JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(path)) : null;
    }

    private static ElementType TypeOf(JsonElement tensor) => Enum.Parse<ElementType>(tensor.GetProperty("dtype").GetString()!, ignoreCase: true);

    private static long[] Shape(JsonElement tensor) => [.. tensor.GetProperty("shape").EnumerateArray().Select(length => length.GetInt64())];

    private string FileOf(JsonElement tensor) => Path.Combine(_folder, tensor.GetProperty("file").GetString()!);
}
