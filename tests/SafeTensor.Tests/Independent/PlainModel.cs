using System.Text;
using System.Text.Json;

namespace SafeTensor.Tests.Independent;

/// <summary>A plain model in memory: its tensors with their data, its code and graph.</summary>
internal sealed record PlainModel(TensorPart[] Tensors, byte[][] Data, byte[]? Code = null, byte[]? Graph = null)
{
    internal static PlainModel Digits { get; } = Read(TestData.Digits);

    /// <summary>Scalars, empty tensors, a name that is not ASCII, and types of 1 to 64 bits.</summary>
    internal static PlainModel Odd { get; } = WithRandomData(
        TensorPart.Of("scalar", TensorPart.FloatType, 32, []),
        TensorPart.Of("empty", TensorPart.FloatType, 32, [0, 4]),
        TensorPart.Of("empty scalar's neighbour", TensorPart.SignedType, 8, [0]),
        TensorPart.Of("layer.0/weight:é", TensorPart.SignedType, 64, [1, 1, 1, 3]),
        TensorPart.Of("halves", TensorPart.FloatType, 16, [5, 7]),
        TensorPart.Of("truth", TensorPart.UnsignedType, 1, [3]),
        TensorPart.Of(new string('n', 1024), TensorPart.FloatType, 64, [2, 0, 9]));

    internal static PlainModel Empty { get; } = new([], []);

    internal static PlainModel Read(string folder)
    {
        var (tensors, data) = ParamsList.ReadPlain(File.ReadAllBytes(Path.Combine(folder, "mod.params")));
        return new(tensors, data, File.ReadAllBytes(Path.Combine(folder, "mod.so")), File.ReadAllBytes(Path.Combine(folder, "mod.json")));
    }

    internal static PlainModel WithRandomData(params TensorPart[] tensors) =>
        new(tensors, Array.ConvertAll(tensors, tensor => Crypto.Random((int)tensor.Length)));

    /// <summary>The plain bytes of each part, in the order of a package.</summary>
    internal byte[][] Parts => [.. Data, .. Files.Select(file => file.Data)];

    private IEnumerable<(int Kind, byte[] Data)> Files =>
        new[] { (FilePart.Code, Code), (FilePart.Graph, Graph) }.Where(file => file.Item2 is not null).Select(file => (file.Item1, file.Item2!));

    /// <summary>A graph that takes <c>x</c> and those parameters, and gives out <c>x</c>.</summary>
    internal static byte[] GraphOf(params TensorPart[] tensors)
    {
        TensorPart[] arguments = [TensorPart.Of("x", TensorPart.FloatType, 32, [1]), .. tensors];
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            nodes = arguments.Select(argument => new { op = "null", name = Encoding.UTF8.GetString(argument.Name), inputs = Array.Empty<int[]>() }),
            arg_nodes = Enumerable.Range(0, arguments.Length),
            heads = new[] { new[] { 0, 0, 0 } },
            node_row_ptr = Enumerable.Range(0, arguments.Length + 1),
            attrs = new
            {
                dltype = new object[] { "list_str", arguments.Select(argument => (argument.TypeCode switch { 0 => "int", 1 => "uint", _ => "float" }) + argument.Bits) },
                storage_id = new object[] { "list_int", Enumerable.Range(0, arguments.Length) },
                shape = new object[] { "list_shape", arguments.Select(argument => argument.Dimensions) },
            },
        });
    }

    internal string WriteTo(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "mod.params"), ParamsList.Plain(Tensors, Data));
        foreach (var (kind, data) in Files)
        {
            File.WriteAllBytes(Path.Combine(folder, kind == FilePart.Code ? "mod.so" : "mod.json"), data);
        }

        return folder;
    }

    /// <summary>What a package of it says, with those parts in the clear whose names are given.</summary>
    internal Body Body(string modelId, params string[] clear) => new(
        modelId, 7, 1_800_000_000,
        [.. Tensors.Select(tensor => tensor with { IsEncrypted = !clear.Contains(Encoding.UTF8.GetString(tensor.Name)) })],
        [.. Files.Select(file => FilePart.Of(file.Kind, file.Data)).Select(file => file with { IsEncrypted = !clear.Contains(file.Name) })]);
}
