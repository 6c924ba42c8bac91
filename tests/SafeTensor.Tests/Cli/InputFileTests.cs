using NUnit.Framework;
using SafeTensor.Cli;
using SafeTensor.Cli.Inputs;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Cli;

/// <summary>Files become the input that the model takes, or an error that names both sides.</summary>
public sealed class InputFileTests
{
    private static readonly TensorInfo Matrix = new("x", ElementType.Float32, [2, 2]);

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [TestCase("[[1, 2], [3, 4.5]]")]
    [TestCase("[1, 2, 3, 4.5]")]
    public void Json_may_be_nested_or_flat(string json)
    {
        var value = ReadJson(json, Matrix);

        Assert.That(value.AsSpan<float>().ToArray(), Is.EqualTo(new[] { 1, 2, 3, 4.5f }));
        Assert.That(value.Shape, Is.EqualTo(Matrix.Shape));
    }

    [Test]
    public void Json_keeps_64_bit_integers_exact()
    {
        var value = ReadJson("[9223372036854775807, -9223372036854775808]", new TensorInfo("x", ElementType.Int64, [2]));

        Assert.That(value.AsSpan<long>().ToArray(), Is.EqualTo(new[] { long.MaxValue, long.MinValue }));
        Assert.That(
            ReadJson("[18446744073709551615]", new TensorInfo("x", ElementType.UInt64, [1])).AsSpan<ulong>()[0], Is.EqualTo(ulong.MaxValue));
    }

    [Test]
    public void Json_has_names_for_what_it_lacks_and_truth_values()
    {
        Assert.That(
            ReadJson("[\"NaN\", \"Infinity\", \"-Infinity\"]", new TensorInfo("x", ElementType.Float64, [3])).AsSpan<double>().ToArray(),
            Is.EqualTo(new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity }));
        Assert.That(
            ReadJson("[true, false, 1]", new TensorInfo("x", ElementType.Bool, [3])).AsSpan<bool>().ToArray(), Is.EqualTo(new[] { true, false, true }));
    }

    [Test]
    public void Json_reaches_every_element_type([Values] ElementType type)
    {
        var value = ReadJson("[1, 0]", new TensorInfo("x", type, [2]));

        Assert.That(value.ElementType, Is.EqualTo(type));
        Assert.That(value.Bytes.Length, Is.EqualTo(2 * type.ByteLength()));
        Assert.That(value.Bytes[type.ByteLength()..].IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
    }

    [TestCase("[[1, 2], [3]]", ElementType.Float32, "lengths or depths")]
    [TestCase("[[1, 2], 3]", ElementType.Float32, "lengths or depths")]
    [TestCase("[1, [2, 3]]", ElementType.Float32, "lengths or depths")]
    [TestCase("[[1], [[2]]]", ElementType.Float32, "lengths or depths")]
    [TestCase("[1, 2, 3]", ElementType.Float32, "3 numbers")]
    [TestCase("{\"a\": 1}", ElementType.Float32, "where a number should be")]
    [TestCase("[1, null]", ElementType.Float32, "where a number should be")]
    [TestCase("[1, 2", ElementType.Float32, "cannot be read as numbers")]
    [TestCase("", ElementType.Float32, "cannot be read as numbers")]
    [TestCase("[1, 2, 3, 256]", ElementType.UInt8, "does not fit into uint8")]
    [TestCase("[1, 2, 3, 1.5]", ElementType.Int32, "no integer")]
    [TestCase("[1, 2, 3, 1e39]", ElementType.Float32, "does not fit into float32")]
    [TestCase("[0, 0, 0, 2]", ElementType.Bool, "does not fit into bool")]
    public void Json_of_anything_else_is_refused(string json, ElementType type, string message) =>
        Assert.That(() => ReadJson(json, new TensorInfo("x", type, [2, 2])), Throws.TypeOf<UsageException>().With.Message.Contains(message));

    [Test]
    public void Json_may_begin_with_a_byte_order_mark() =>
        Assert.That(ReadJson("\ufeff[1, 2, 3, 4]", Matrix).AsSpan<float>()[3], Is.EqualTo(4));

    [Test]
    public void Json_nested_too_deep_is_refused() =>
        Assert.That(() => ReadJson(new string('[', 100_000), Matrix), Throws.TypeOf<UsageException>());

    [Test]
    public void Raw_bytes_must_have_the_exact_length()
    {
        File.WriteAllBytes(_folder["a.bin"], new byte[15]);

        Assert.That(
            () => InputFile.Read(_folder["a.bin"], Matrix, null),
            Throws.TypeOf<UsageException>().With.Message.Contains("15 bytes").And.Message.Contains("float32[2,2]").And.Message.Contains("16"));
        File.WriteAllBytes(_folder["a.bin"], new byte[16]);
        Assert.That(InputFile.Read(_folder["a.bin"], Matrix, null).Bytes.Length, Is.EqualTo(16));
    }

    [Test]
    public void A_file_of_no_known_kind_is_refused() =>
        Assert.That(() => InputFile.Read("a.txt", Matrix, null), Throws.TypeOf<UsageException>().With.Message.Contains(".npy, .bin, .json or .png"));

    [Test]
    public void A_name_before_the_file_is_the_inputs()
    {
        File.WriteAllText(_folder["a=b.json"], "[]");
        File.WriteAllText(_folder["c.json"], "[]");

        Assert.That(InputArgument.Parse(_folder["a=b.json"]), Is.EqualTo(new InputArgument(null, _folder["a=b.json"])));
        Assert.That(InputArgument.Parse($"x={_folder["c.json"]}"), Is.EqualTo(new InputArgument("x", _folder["c.json"])));
        Assert.That(() => InputArgument.Parse("x=/no/such.npy"), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("/no/such.npy"));
    }

    private TensorValue ReadJson(string json, TensorInfo input)
    {
        File.WriteAllText(_folder["a.json"], json);
        return InputFile.Read(_folder["a.json"], input, null);
    }
}
