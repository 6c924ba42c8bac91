using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Element types against TVM's and .NET's.</summary>
public sealed class ElementTypeTests
{
    [TestCase("float16", ElementType.Float16)]
    [TestCase("float32", ElementType.Float32)]
    [TestCase("float", ElementType.Float32)]
    [TestCase("float64", ElementType.Float64)]
    [TestCase("bfloat16", ElementType.BFloat16)]
    [TestCase("e4m3_float8", ElementType.Float8E4M3)]
    [TestCase("e5m2_float8", ElementType.Float8E5M2)]
    [TestCase("int8", ElementType.Int8)]
    [TestCase("int16", ElementType.Int16)]
    [TestCase("int32", ElementType.Int32)]
    [TestCase("int64", ElementType.Int64)]
    [TestCase("uint8", ElementType.UInt8)]
    [TestCase("uint16", ElementType.UInt16)]
    [TestCase("uint32", ElementType.UInt32)]
    [TestCase("uint64", ElementType.UInt64)]
    [TestCase("bool", ElementType.Bool)]
    [TestCase("uint1", ElementType.Bool)]
    public void TVMs_types_are_known(string text, ElementType expected)
    {
        Assert.That(DataType.TryParse(text, out var type), Is.True);
        Assert.That(ElementTypes.TryFrom(type, out var element), Is.True);
        Assert.That(element, Is.EqualTo(expected));
        Assert.That(element.ByteLength(), Is.EqualTo(type.ByteLength));
    }

    [TestCase("int4")]
    [TestCase("float32x4")]
    [TestCase("handle")]
    [TestCase("uint1x8")]
    [TestCase("float128")]
    public void Types_that_no_dotnet_type_holds_are_not(string text) =>
        Assert.That(DataType.TryParse(text, out var type) && ElementTypes.TryFrom(type, out _), Is.False);

    [Test]
    public void Numbers_are_stable_and_every_type_has_a_spelling_of_its_own()
    {
        Assert.That(Enum.GetValues<ElementType>().Select(type => (int)type), Is.EqualTo(Enumerable.Range(1, 15)));
        Assert.That(Enum.GetValues<ElementType>().Select(type => type.Spell()), Is.Unique);
    }

    [Test]
    public void Only_a_types_own_dotnet_type_holds_it()
    {
        Assert.That(Enum.GetValues<ElementType>().Where(type => type.IsHeldBy<float>()), Is.EqualTo(new[] { ElementType.Float32 }));
        Assert.That(Enum.GetValues<ElementType>().Where(type => type.IsHeldBy<bool>()), Is.EqualTo(new[] { ElementType.Bool }));
        Assert.That(Enum.GetValues<ElementType>().Where(type => type.IsHeldBy<ushort>()), Is.EqualTo(new[] { ElementType.BFloat16, ElementType.UInt16 }));
        Assert.That(Enum.GetValues<ElementType>().Where(type => type.IsHeldBy<byte>()), Is.EqualTo(new[] { ElementType.Float8E4M3, ElementType.Float8E5M2, ElementType.UInt8 }));
        Assert.That(Enum.GetValues<ElementType>().Where(type => type.IsHeldBy<char>()), Is.Empty);
    }
}
