using System.Text.Json;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Inputs of a model of <c>shared/models</c>, and the outputs that another engine computed from them.</summary>
internal sealed class ModelCase
{
    private readonly string _folder;
    private readonly JsonElement _model;
    private readonly JsonElement _case;

    private ModelCase(string folder, JsonElement model, JsonElement one)
    {
        _folder = folder;
        _model = model;
        _case = one;
    }

    /// <summary>Whether a folder has cases that a CPU of this kind runs.</summary>
    internal static bool AreIn(string folder) => Description(folder) is { } model
        && !model.TryGetProperty("device", out _)
        && (!model.TryGetProperty("platform", out var platform) || platform.GetString() == "linux-x64-baseline")
        && model.GetProperty("cases").GetArrayLength() > 0;

    internal static IEnumerable<ModelCase> In(string folder)
    {
        var model = Description(folder)!.Value;
        return model.GetProperty("cases").EnumerateArray().Select(one => new ModelCase(folder, model, one));
    }

    internal Dictionary<string, TensorValue> Inputs() => Tensors("inputs").ToDictionary(
        input => input.Tensor.GetProperty("name").GetString()!,
        input => TensorValue.Create(TypeOf(input.Tensor), input.Bytes, Shape(input.Tensor, input.Bytes.Length)));

    internal IEnumerable<ExpectedOutput> Outputs() => Tensors("outputs").Select((output, i) =>
    {
        var tolerance = _model.TryGetProperty("tolerance", out var common) ? common : output.Tensor;
        return new ExpectedOutput(
            output.Tensor.TryGetProperty("index", out var index) ? index.GetInt32() : i, TypeOf(output.Tensor), Shape(output.Tensor, output.Bytes.Length), output.Bytes,
            tolerance.GetProperty("rtol").GetDouble(), tolerance.GetProperty("atol").GetDouble());
    });

    /// <summary>Writes the inputs into a session's own buffers, which get their lengths where the model leaves them open.</summary>
    internal void CopyTo(ModelSession session)
    {
        foreach (var (name, value) in Inputs())
        {
            var index = session.Model.Inputs.ToList().FindIndex(input => input.Name == name);
            if (session.Model.Inputs[index].IsDynamic)
            {
#pragma warning disable STENSOR002 // Tests are of it too.
                session.ResizeInput(index, value.Shape.AsSpan());
#pragma warning restore STENSOR002
            }

            value.Bytes.CopyTo(session.InputBytes(index));
        }
    }

    // Graph-executor models have the one, Relax models the other.
    private static JsonElement? Description(string folder) => new[] { "model.json", "case.json" }.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } path
        ? JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(path))
        : null;

    // model.json describes the tensors of each case, case.json those of all cases at once.
    private IEnumerable<(JsonElement Tensor, byte[] Bytes)> Tensors(string kind) => _case.GetProperty(kind).EnumerateArray().Select((tensor, i) =>
        tensor.ValueKind == JsonValueKind.String ? (_model.GetProperty(kind)[i], Bytes(tensor)) : (tensor, Bytes(tensor.GetProperty("file"))));

    private byte[] Bytes(JsonElement file) => File.ReadAllBytes(Path.Combine(_folder, file.GetString()!));

    private static ElementType TypeOf(JsonElement tensor) => Enum.Parse<ElementType>(tensor.GetProperty("dtype").GetString()!, ignoreCase: true);

    // A length that has a name is what the file's bytes leave for it.
    private static long[] Shape(JsonElement tensor, int bytes)
    {
        long[] shape = [.. tensor.GetProperty("shape").EnumerateArray().Select(length => length.ValueKind == JsonValueKind.Number ? length.GetInt64() : -1)];
        var known = shape.Where(length => length >= 0).Aggregate((long)TypeOf(tensor).ByteLength(), (product, length) => product * length);
        return Array.ConvertAll(shape, length => length < 0 ? bytes / known : length);
    }
}
