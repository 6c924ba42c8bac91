using System.Text;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Graphs that claim depths, counts and numbers.</summary>
public sealed class HostileGraphTests
{
    private const string Whole =
        """{"nodes":[{"op":"null","name":"x","inputs":[]}],"arg_nodes":[0],"heads":[[0,0,0]],"attrs":{"dltype":["list_str",["float32"]],"shape":["list_shape",[[4]]]},"node_row_ptr":[0,1]}""";

    [Test]
    public void The_graph_that_the_others_change_is_read() => Assert.That(Read(Whole).InputsWithout([]).Single().ElementCount, Is.EqualTo(4));

    [TestCase("[4]", "[9223372036854775807,9223372036854775807]")]
    [TestCase("[4]", "[0,9223372036854775807,9223372036854775807]")]
    [TestCase("[4]", "[9223372036854775808]")]
    [TestCase("[4]", "[18446744073709551616]")]
    [TestCase("[4]", "[-1]")]
    [TestCase("[4]", "[4.5]")]
    [TestCase("[4]", "[1e999]")]
    [TestCase("[4]", "[\"4\"]")]
    [TestCase("[4]", "{}")]
    [TestCase("float32", "float99999")]
    [TestCase("float32", "float32x99999999999")]
    [TestCase("float32", "int24")]
    [TestCase("float32", "float32x4")]
    [TestCase("float32", "\\u001b[31m")]
    [TestCase("\"arg_nodes\":[0]", "\"arg_nodes\":[1]")]
    [TestCase("\"arg_nodes\":[0]", "\"arg_nodes\":[-1]")]
    [TestCase("\"arg_nodes\":[0]", "\"arg_nodes\":[2147483648]")]
    [TestCase("[0,0,0]", "[1,0,0]")]
    [TestCase("[0,0,0]", "[0,2147483647,0]")]
    [TestCase("[0,0,0]", "[0,-1,0]")]
    [TestCase("[0,0,0]", "[0]")]
    [TestCase("[0,1]}", "[2147483647,1]}")]
    [TestCase("\"name\":\"x\"", "\"name\":5")]
    [TestCase("\"name\":\"x\"", "\"name\":\"\\ud800\"")]
    [TestCase("{\"op\":\"null\",\"name\":\"x\",\"inputs\":[]}", "{}")]
    public void A_value_that_no_graph_has(string good, string bad) => Refuse(Whole.Replace(good, bad, StringComparison.Ordinal));

    [Test]
    public void Arguments_that_are_one_node_or_have_long_names()
    {
        Refuse(Whole.Replace("\"arg_nodes\":[0]", "\"arg_nodes\":[0,0]", StringComparison.Ordinal));
        Refuse(Whole.Replace("\"arg_nodes\":[0]", $"\"arg_nodes\":[{string.Join(',', Enumerable.Repeat("0", 900_000))}]", StringComparison.Ordinal));
        Refuse(Whole.Replace("\"x\"", $"\"{new string('x', 1025)}\"", StringComparison.Ordinal));
        Assert.That(Read(Whole.Replace("\"x\"", $"\"{new string('x', 1024)}\"", StringComparison.Ordinal)).Arguments, Has.Count.EqualTo(1));
    }

    [Test]
    public void More_outputs_than_there_may_be() =>
        Refuse(Whole.Replace("[[0,0,0]]", $"[{string.Join(',', Enumerable.Repeat("[0,0,0]", 65_537))}]", StringComparison.Ordinal));

    [TestCase("[9223372036854775807]")]
    [TestCase("[1073741824]")]
    public void A_tensor_that_no_memory_holds(string shape) => Bounded.Refusal(
        () => Read(Whole.Replace("[4]", shape, StringComparison.Ordinal)).InputsWithout([]),
        Throws.TypeOf<SafeModelException>().With.Property("Error").AnyOf(SafeModelError.LimitExceeded, SafeModelError.ModelInvalid));

    [TestCase("[")]
    [TestCase("{\"x\":")]
    public void Depth(string level)
    {
        Refuse($"{{\"x\":{string.Concat(Enumerable.Repeat(level, 40))}");
        Refuse($"{{\"x\":{string.Concat(Enumerable.Repeat(level, 1_000_000))}");
    }

    [TestCase("nodes", "{}")]
    [TestCase("arg_nodes", "0")]
    [TestCase("node_row_ptr", "0")]
    public void Lists_of_a_million_and_one(string list, string item) => Refuse($"{{\"{list}\":[{string.Join(',', Enumerable.Repeat(item, 1_000_001))}]}}");

    [Test]
    public void Nothing_and_zeros()
    {
        Refuse("");
        Refuse("{}{}");
        Refuse(new string('\0', 16 << 20));
    }

    private static GraphDescription Read(string json) => GraphDescription.Read(Encoding.UTF8.GetBytes(json), "mod.json");

    private static void Refuse(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        Bounded.Refusal(
            () =>
            {
                var graph = GraphDescription.Read(bytes, "mod.json");
                graph.InputsWithout([]);
                graph.OutputInfos();
            },
            Refused.With(SafeModelError.ModelInvalid, "mod.json"));
    }
}
