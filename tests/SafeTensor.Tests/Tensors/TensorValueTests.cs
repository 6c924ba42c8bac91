using System.Numerics.Tensors;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>What goes into a model and what comes out.</summary>
public sealed class TensorValueTests
{
    private static readonly (Array Data, ElementType Type)[] Arrays =
    [
        (new Half[2], ElementType.Float16), (new float[2], ElementType.Float32), (new double[2], ElementType.Float64),
        (new sbyte[2], ElementType.Int8), (new short[2], ElementType.Int16), (new int[2], ElementType.Int32), (new long[2], ElementType.Int64),
        (new byte[2], ElementType.UInt8), (new ushort[2], ElementType.UInt16), (new uint[2], ElementType.UInt32), (new ulong[2], ElementType.UInt64),
        (new bool[2], ElementType.Bool),
    ];

    [TestCaseSource(nameof(Arrays))]
    public void An_array_knows_its_element_type((Array Data, ElementType Type) one)
    {
        TensorValue value = one.Data;

        Assert.That(value.ElementType, Is.EqualTo(one.Type));
        Assert.That(value.Shape, Is.Empty);
        Assert.That(value.Bytes.Length, Is.EqualTo(Buffer.ByteLength(ToBlittable(one.Data))));
    }

    [Test]
    public void An_array_of_a_rank_above_one_has_its_shape()
    {
        TensorValue value = new long[2, 3, 4];

        Assert.That(value.Shape, Is.EqualTo(new long[] { 2, 3, 4 }));
        Assert.That(value.AsSpan<long>().Length, Is.EqualTo(24));
    }

    [Test]
    public void The_elements_of_an_array_of_a_rank_above_one_are_row_major()
    {
        TensorValue value = new[,] { { 1, 2, 3 }, { 4, 5, 6 } };

        Assert.That(value.ToArray<int>(), Is.EqualTo(new[] { 1, 2, 3, 4, 5, 6 }));
        Assert.That(value.AsTensorSpan<int>()[1, 0], Is.EqualTo(4));
        Assert.That(value.ToTensor<int>()[0, 2], Is.EqualTo(3));
    }

    [Test]
    public void Converting_never_throws()
    {
        foreach (var array in new Array?[] { null, new string[1], new DateTime[1], new object[2, 2], new[] { ("a", 1) }, Array.Empty<float>(), new float[0, 3] })
        {
            TensorValue value = default;
            Assert.That(() => value = array!, Throws.Nothing);
            Assert.That(value.Bytes.IsEmpty, Is.True);
        }
    }

    [Test]
    public void A_value_is_a_view_of_its_array_and_copies_are_their_own()
    {
        float[] data = [1, 2];
        var value = TensorValue.Create(data, 2);
        var (array, tensor) = (value.ToArray<float>(), value.ToTensor<float>());

        data[0] = 9;

        Assert.That(value.AsSpan<float>()[0], Is.EqualTo(9));
        Assert.That((array[0], tensor[0]), Is.EqualTo((1f, 1f)));
    }

    [Test]
    public void A_part_of_an_array_is_a_value()
    {
        short[] data = [1, 2, 3, 4, 5, 6];
        var value = TensorValue.Create(new ReadOnlyMemory<short>(data, 2, 4), 2, 2);

        Assert.That(value.ToArray<short>(), Is.EqualTo(new short[] { 3, 4, 5, 6 }));
        Assert.That(value.AsTensorSpan<short>()[1, 1], Is.EqualTo(6));
    }

    [Test]
    public void Memory_that_is_no_array_is_copied()
    {
        using var memory = new AlignedMemory<int>(3);
        new[] { 7, 8, 9 }.CopyTo(memory.Memory);
        var value = TensorValue.Create((ReadOnlyMemory<int>)memory.Memory, 3);

        memory.Memory.Span.Clear();

        Assert.That(value.ToArray<int>(), Is.EqualTo(new[] { 7, 8, 9 }));
    }

    [Test]
    public void A_dense_tensor_is_a_value()
    {
        var tensor = Tensor.Create([1f, 2, 3, 4, 5, 6], [2, 3]);

        var value = TensorValue.Create(tensor);

        Assert.That(value.Shape, Is.EqualTo(new long[] { 2, 3 }));
        Assert.That(value.ToArray<float>(), Is.EqualTo(new float[] { 1, 2, 3, 4, 5, 6 }));
    }

    [Test]
    public void A_transposed_tensor_is_put_in_row_major_order()
    {
        var tensor = Tensor.PermuteDimensions(Tensor.Create([1, 2, 3, 4, 5, 6], [2, 3]), [1, 0]);

        var value = TensorValue.Create(tensor);

        Assert.That(value.Shape, Is.EqualTo(new long[] { 3, 2 }));
        Assert.That(value.ToArray<int>(), Is.EqualTo(new[] { 1, 4, 2, 5, 3, 6 }));
    }

    [Test]
    public void Bytes_off_a_wire_become_elements()
    {
        var value = TensorValue.Create(ElementType.Int16, new byte[] { 1, 0, 0xFF, 0xFF }, 2);

        Assert.That(value.ToArray<short>(), Is.EqualTo(new short[] { 1, -1 }));
    }

    [TestCase(ElementType.BFloat16, 2)]
    [TestCase(ElementType.Float8E4M3, 1)]
    [TestCase(ElementType.Float8E5M2, 1)]
    public void Types_that_dotnet_lacks_are_read_as_their_bits(ElementType type, int length)
    {
        var value = TensorValue.Create(type, new byte[length], 1);

        Assert.That(() => length == 2 ? value.ToArray<ushort>().Length : value.ToArray<byte>().Length, Is.EqualTo(1));
        Assert.That(() => value.ToArray<Half>(), Throws.InvalidOperationException.With.Message.Contains("Half"));
    }

    [Test]
    public void Another_element_type_is_refused_with_both_names()
    {
        var value = TensorValue.Create(new float[2], 2);

        Assert.That(() => value.AsSpan<int>().Length, Throws.InvalidOperationException.With.Message.Contains("float32").And.Message.Contains("Int32"));
        Assert.That(() => value.ToArray<double>(), Throws.InvalidOperationException);
        Assert.That(() => value.ToTensor<uint>(), Throws.InvalidOperationException);
        Assert.That(() => default(TensorValue).ToArray<float>(), Throws.InvalidOperationException.With.Message.Contains("none"));
    }

    [TestCase(new long[] { 7 })]
    [TestCase(new long[] { 2, 4 })]
    [TestCase(new long[] { 3, -2 })]
    [TestCase(new long[] { -1, -6 })]
    [TestCase(new long[] { long.MaxValue, long.MaxValue })]
    [TestCase(new long[] { 0 })]
    [TestCase(new long[0])]
    public void A_shape_that_does_not_fit_is_refused(long[] shape)
    {
        Assert.That(() => TensorValue.Create(new float[6], shape), Throws.ArgumentException.With.Message.Contains("6"));
        Assert.That(() => TensorValue.Create(ElementType.Float32, new byte[24], shape), Throws.ArgumentException);
        Assert.That(() => TensorValue.FromSingles(new float[6], ElementType.Float16, shape), Throws.ArgumentException);
    }

    [TestCase(23)]
    [TestCase(25)]
    public void Bytes_that_are_no_whole_number_of_elements_are_refused(int length) =>
        Assert.That(() => TensorValue.Create(ElementType.Float32, new byte[length], 6), Throws.ArgumentException.With.Message.Contains("float32"));

    [Test]
    public void An_element_type_that_does_not_exist_is_refused()
    {
        Assert.That(() => TensorValue.Create((ElementType)0, new byte[1], 1), Throws.InstanceOf<ArgumentException>());
        Assert.That(() => TensorValue.Create(new DateTime[1], 1), Throws.ArgumentException.With.Message.Contains("DateTime"));
        Assert.That(() => TensorValue.Create(new char[1], 1), Throws.ArgumentException);
    }

    [Test]
    public void A_scalar_has_no_shape_and_as_a_tensor_one_element()
    {
        var value = TensorValue.Create(new[] { 42L });

        Assert.That(value.Shape, Is.Empty);
        Assert.That(value.AsTensorSpan<long>()[0], Is.EqualTo(42));
        Assert.That(value.ToTensor<long>().Lengths.ToArray(), Is.EqualTo(new nint[] { 1 }));
    }

    [Test]
    public void An_empty_tensor_is_a_value()
    {
        var value = TensorValue.Create(Array.Empty<float>(), 0, 3);

        Assert.That(value.Shape, Is.EqualTo(new long[] { 0, 3 }));
        Assert.That(value.ToArray<float>(), Is.Empty);
    }

    // Buffer.ByteLength knows only the primitive types.
    private static Array ToBlittable(Array data) => data is Half[] halves ? Array.ConvertAll(halves, BitConverter.HalfToUInt16Bits) : data;
}
