using System.Text;
using CsCheck;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Graphs: whatever is read, a reader of trees reads the same.</summary>
public sealed class GraphPropertyTests
{
    private const int Iterations = 10_000;

    private static readonly Gen<byte[]> Json = Gen.Select(
        Gen.String[Gen.Char["abx_ä"], 1, 4].Array[1, 4], Gen.OneOf("float32", "int8", "bool", "float16", "int8x4", "e4m3_float8"), Gen.Long[0, 9].Array[0, 3], Gen.Int[0, 3],
        (names, type, shape, head) => Encoding.UTF8.GetBytes(Graph(names, type, string.Join(',', shape), head % names.Length)));

    [Test]
    public void What_is_whole_is_read() => Json.Sample(json => Assert.That(Read(json), Is.Not.Null.And.EqualTo(SlowGraph.Read(json))), iter: Iterations / 10, threads: 1);

    [Test]
    public void An_edit_is_refused_or_read_as_a_reader_of_trees_does()
    {
        var (read, refused) = (0, 0);
        Gen.Select(Json, RandomEdit.Some).Sample(
            (json, edits) =>
            {
                var bytes = RandomEdit.Apply(json, edits);
                var expected = SlowGraph.Read(bytes);
                Assert.That(Read(bytes), Is.EqualTo(expected), () => Encoding.Latin1.GetString(bytes));
                (read, refused) = expected is null ? (read, refused + 1) : (read + 1, refused);
            },
            iter: Iterations, threads: 1);
        Assert.That(Math.Min(read, refused), Is.GreaterThan(Iterations / 50));
    }

    private static List<string>? Read(byte[] json)
    {
        try
        {
            var graph = GraphDescription.Read(json, "mod.json");
            return
            [
                .. graph.Arguments.Select(tensor => $"{tensor.Name} {tensor.Type}[{string.Join(',', tensor.Shape)}]"),
                .. graph.Outputs.Select(tensor => $"{tensor.Type}[{string.Join(',', tensor.Shape)}]"),
            ];
        }
        catch (SafeModelException e) when (e.Error is SafeModelError.ModelInvalid)
        {
            return null;
        }
    }

    // The first half are inputs, the others operators that read the first.
    private static string Graph(string[] names, string type, string shape, int head)
    {
        var inputs = (names.Length + 1) / 2;
        string List(Func<int, string> item) => string.Join(',', Enumerable.Range(0, names.Length).Select(item));
        return "{\"nodes\":[" + List(i => i < inputs
                ? $$"""{"op":"null","name":"{{names[i]}}","inputs":[]}"""
                : $$$"""{"op":"tvm_op","name":"{{{names[i]}}}","inputs":[[0,0,0]],"attrs":{"func_name":"f","num_inputs":"1"}}""")
            + $"],\"arg_nodes\":[{string.Join(',', Enumerable.Range(0, inputs))}],\"heads\":[[{head},0,0]],\"attrs\":{{\"dltype\":[\"list_str\",["
            + List(_ => $"\"{type}\"") + "]],\"storage_id\":[\"list_int\",[" + List(i => $"{i}") + "]],\"shape\":[\"list_shape\",[" + List(_ => $"[{shape}]")
            + "]]},\"node_row_ptr\":[" + List(i => $"{i}") + $",{names.Length}]}}";
    }
}
