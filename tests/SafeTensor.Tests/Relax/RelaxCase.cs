using System.Text.Json;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Relax;

/// <summary>A Relax model of <c>shared/models</c>, with inputs and the outputs that another engine computed from them.</summary>
internal sealed class RelaxCase
{
    private readonly string _folder;
    private readonly JsonElement _model;
    private readonly JsonElement _case;

    private RelaxCase(string folder, JsonElement model, JsonElement one)
    {
        _folder = folder;
        _model = model;
        _case = one;
    }

    /// <summary>Folders with code: one of the shared ones holds parameters alone.</summary>
    internal static IEnumerable<string> Folders => TestData.SharedFolders("models").Where(folder => Path.GetFileName(folder).StartsWith("relax-", StringComparison.Ordinal) && File.Exists(Path.Combine(folder, "case.json")));

    /// <summary>Of apache-tvm; the test is skipped where it is not there.</summary>
    internal static string Library => Path.Combine(TestData.SharedFolder("tvm", "linux-x64"), "libtvm_runtime.so");

    internal static SafeModelOptions Options => new() { RuntimeLibrary = Library };

    internal static string Folder(string name) => TestData.SharedFolder("models", name);

    internal static IEnumerable<RelaxCase> In(string folder)
    {
        var model = JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(Path.Combine(folder, "case.json")));
        return model.GetProperty("cases").EnumerateArray().Select(one => new RelaxCase(folder, model, one));
    }

    internal Dictionary<string, TensorValue> Inputs()
    {
        var files = _case.GetProperty("inputs").EnumerateArray().Select(Bytes).ToList();
        return _model.GetProperty("inputs").EnumerateArray().Select((input, i) => (input, bytes: files[i])).ToDictionary(
            pair => pair.input.GetProperty("name").GetString()!,
            pair => TensorValue.Create(TypeOf(pair.input), pair.bytes, Shape(pair.input, pair.bytes.Length)));
    }

    internal IEnumerable<ExpectedOutput> Outputs()
    {
        var files = _case.GetProperty("outputs").EnumerateArray().Select(Bytes).ToList();
        var tolerance = _model.GetProperty("tolerance");
        return _model.GetProperty("outputs").EnumerateArray().Select((output, i) => new ExpectedOutput(
            i, TypeOf(output), Shape(output, files[i].Length), files[i], tolerance.GetProperty("rtol").GetDouble(), tolerance.GetProperty("atol").GetDouble()));
    }

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
