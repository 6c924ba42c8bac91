using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Relax;

/// <summary>What is read from an executable's statistics, in all the ways that TVM writes it.</summary>
public sealed class RelaxStatsTests
{
    [TestCase("R.Tensor((1, 8), dtype=\"float32\")", "x: float32[1,8]")]
    [TestCase("R.Tensor((4,), dtype=\"int64\")", "x: int64[4]")]
    [TestCase("R.Tensor((), dtype=\"bool\")", "x: bool[]")]
    [TestCase("R.Tensor((n, 8), dtype=\"float16\")", "x: float16[-1,8]")]
    [TestCase("R.Tensor((T.max(n, 2), (n + 1) * (m * 2), 8), dtype=\"uint8\")", "x: uint8[-1,-1,8]")]
    [TestCase("R.Tensor((2, 3), dtype=\"float32\", vdevice=\"llvm:0:global\")", "x: float32[2,3]")]
    [TestCase("R.Tensor(dtype=\"float8_e4m3fn\", ndim=2)", "x: float8_e4m3[-1,-1]")]
    [TestCase("R.Tensor(dtype=\"float32\", ndim=0)", "x: float32[]")]
    [TestCase("R.Tensor(dtype=\"float32\", ndim=33)", null)]
    [TestCase("R.Tensor(dtype=\"float32\")", null)]
    [TestCase("R.Tensor(ndim=2)", null)]
    [TestCase("R.Tensor((2, 3))", null)]
    [TestCase("R.Tensor((2, 3), dtype=\"int4x8\")", null)]
    [TestCase("R.Tuple(R.Tensor((2,), dtype=\"int64\"), R.Tensor((3,), dtype=\"int64\"))", null)]
    [TestCase("R.Shape([n, 8])", null)]
    [TestCase("R.Object", null)]
    public void An_inputs_type_and_shape_are_read_where_both_are_told(string annotation, string? expected)
    {
        var signature = RelaxSignature.Read(Stats($"\"ErrorContext(fn=main, loc=param[0], param=x, annotation={annotation}) \", float32"), "");

        Assert.That(signature.Inputs.GetValueOrDefault("x")?.ToString(), Is.EqualTo(expected));
        Assert.That(signature.OutputShapes, Is.Null);
    }

    [Test]
    public void Inputs_are_mains_alone_and_keep_their_names()
    {
        var signature = RelaxSignature.Read(Stats(
            "\"ErrorContext(fn=other, loc=param[0], param=x, annotation=R.Tensor((1,), dtype=\"int8\")) \", "
            + "\"ErrorContext(fn=main, loc=param[1], param=strange, name(1), annotation=R.Tensor((2,), dtype=\"int8\")) \", shapetuple[4]"),
            "");

        Assert.That(signature.Inputs.Values.Select(input => input.ToString()), Is.EqualTo(new[] { "strange, name(1): int8[2]" }));
    }

    [TestCase("R.Tensor((n, 10), dtype=\"float32\")", new[] { "-1,10" })]
    [TestCase("R.Tuple(R.Tensor((n * 2, T.floordiv(n, 2)), dtype=\"float32\"), R.Tensor((3,), dtype=\"bool\"))", new[] { "-1,-1", "3" })]
    [TestCase("R.Tuple(R.Tensor((n,), dtype=\"float32\"), R.Tensor(dtype=\"bool\"))", null)]
    public void Shapes_of_outputs_are_read_where_all_are_told(string annotation, string[]? expected)
    {
        var signature = RelaxSignature.Read(Stats($"\"ErrorContext(fn=main, loc=return, annotation={annotation}) \""), "");

        Assert.That(signature.OutputShapes?.Select(shape => string.Join(',', shape)), Is.EqualTo(expected));
    }

    [TestCase("float32, shapetuple[1, 2048], scalar, \"global\"", 0)]
    [TestCase("[3, 4], shapetuple[12], [5], scalar", 17)]
    [TestCase("shapetuple[12], [1, 1, 257]", 257)]
    [TestCase("\"ErrorContext(fn=main, loc=param[0], param=x, annotation=R.Tensor((1, 8), dtype=\"float32\")) \", [1024, 1024]", 1 << 20)]
    [TestCase("[99999999999, 99999999999, 99999999999]", long.MaxValue)]
    public void Elements_of_constants_are_counted(string constants, long expected) => Assert.That(RelaxSignature.Read(Stats(constants), "").ConstantElements, Is.EqualTo(expected));

    [TestCase("float32, \"ErrorContext(fn=main, loc=param[0], param=x, annotation=R.Tensor((1, 8), dtype=\"float32\")) \", shapetuple[1, 8, 1, 1]", 3, new[] { "1: 1,8,1,1", "2: 1,8,1,1" })]
    [TestCase("float32, \"global\", shapetuple[16]", 3, new[] { "1: 16", "2: 16" })]
    [TestCase("float32, \"ErrorContext(fn=main, loc=param[0], param=x, annotation=R.Tensor(dtype=\"float32\", ndim=2)) \", shapetuple[8]", 3, new[] { "1: 8", "2: 8" })]
    [TestCase("scalar, [2, 3], shapetuple[]", 3, new[] { "1: ", "2: " })]
    [TestCase("float32, \"a \", \"text\", shapetuple[16]", 3, new string[0])]
    [TestCase("float32, shapetuple[16]", 2, new string[0])]
    public void Arguments_that_are_reshaped_at_once_are_read_where_the_constants_are_certain(string constants, int count, string[] expected)
    {
        const string text = """
            @main:
              call  vm.builtin.check_tensor_info in: %0, i4, c[0], c[1] dst: %void
              call  conv2d           in: %0, %1, %8   dst: %void
              call  vm.builtin.reshape in: %1, c[2]     dst: %9
              call  vm.builtin.reshape in: %2, c[2]     dst: %3
              call  vm.builtin.reshape in: %3, c[2]     dst: %4
              call  vm.builtin.reshape in: %5, %6     dst: %7
              ret   %9

            @other:
              call  vm.builtin.reshape in: %8, c[2]     dst: %9
            """;

        var reshapes = RelaxSignature.Read(Stats(constants, count), text).Reshapes;

        Assert.That(reshapes.SelectMany(argument => argument, (argument, shape) => $"{argument.Key}: {string.Join(',', shape)}"), Is.EqualTo(expected));
    }

    private static string Stats(string constants, int count = 3) =>
        $"Relax VM executable statistics:\n  Constant pool (# {count}): [{constants}]\n  Globals (#2): [main, vm.builtin.check_tensor_info]\n";
}
