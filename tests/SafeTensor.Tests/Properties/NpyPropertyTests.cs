using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using CsCheck;
using NUnit.Framework;
using SafeTensor.Cli;
using SafeTensor.Cli.Inputs;
using SafeTensor.Fuzz;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Cli;

/// <summary>.npy files: what is written is read, read and written it has the same bytes, and whatever is read, a plain reader reads the same.</summary>
public sealed class NpyPropertyTests
{
    private const int Iterations = 6_000;

    private static readonly (ElementType Type, string Code, int Size)[] Codes =
    [
        (ElementType.Float16, "<f2", 2), (ElementType.Float32, "<f4", 4), (ElementType.Float64, "<f8", 8), (ElementType.Int8, "|i1", 1), (ElementType.Int16, "<i2", 2),
        (ElementType.Int32, "<i4", 4), (ElementType.Int64, "<i8", 8), (ElementType.UInt8, "|u1", 1), (ElementType.UInt16, "<u2", 2), (ElementType.UInt32, "<u4", 4),
        (ElementType.UInt64, "<u8", 8), (ElementType.Bool, "|b1", 1),
    ];

    private static readonly Gen<TensorValue> Value = Gen.Select(Gen.OneOf(Codes), Gen.Long[0, 4].Array[0, 4], Gen.Byte, (code, shape, seed) => TensorValue.Create(
        code.Type, Enumerable.Range(0, (int)shape.Aggregate((long)code.Size, (product, side) => product * side)).Select(i => (byte)((i + seed) % 2)).ToArray(), shape));

    private readonly FuzzFolder _folder = new();

    [Test]
    public void What_is_written_is_read_and_has_one_form() => Value.Sample(
        value =>
        {
            var bytes = Write(value);
            var read = NpyFile.Read(_folder.Write("b.npy", bytes), value.ElementType);
            Assert.That(Text(read), Is.EqualTo(Text(value)));
            Assert.That(Write(read), Is.EqualTo(bytes));
        },
        iter: Iterations / 10, threads: 1);

    [Test]
    public void An_edit_is_refused_or_read_as_a_plain_reader_does()
    {
        var (read, refused) = (0, 0);
        Gen.Select(Value, RandomEdit.Some).Sample(
            (value, edits) =>
            {
                var bytes = RandomEdit.Apply(Write(value), edits);
                var expected = Slow(bytes);
                Assert.That(Read(bytes), Is.EqualTo(expected));
                (read, refused) = expected is null ? (read, refused + 1) : (read + 1, refused);
            },
            iter: Iterations, threads: 1);
        Assert.That(Math.Min(read, refused), Is.GreaterThan(Iterations / 50));
    }

    private string? Read(byte[] bytes)
    {
        try
        {
            return Text(NpyFile.Read(_folder.Write("c.npy", bytes), ElementType.BFloat16));
        }
        catch (UsageException)
        {
            return null;
        }
    }

    // The dictionary as NumPy writes it, taken apart word by word.
    private static string? Slow(byte[] bytes)
    {
        if (bytes.Length < 12 || !bytes.AsSpan().StartsWith((byte[])[0x93, .. "NUMPY"u8]) || bytes[6] is < 1 or > 3)
        {
            return null;
        }

        var at = bytes[6] == 1 ? 10 : 12;
        long length = bytes[6] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8)) : BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8));
        if (length > 65_536 || length > bytes.Length - at)
        {
            return null;
        }

        var words = new SlowWords(Encoding.Latin1.GetString(bytes, at, (int)length));
        if (!words.Eat("{") || !words.Eat("'descr':") || words.UpTo("'fortran_order':") is not { } descr || !words.Eat("False,") || !words.Eat("'shape':")
            || !words.Eat("(") || words.UpTo(")") is not { } shape || !words.EndsAsADictionary())
        {
            return null;
        }

        var sides = shape.Split(',').Select(side => side.Trim(' ')).Where(side => side.Length > 0).ToList();
        if (!shape.All(c => char.IsAsciiDigit(c) || c is ',' or ' ') || sides.Exists(side => side.Contains(' ', StringComparison.Ordinal)) || sides.Count > 32)
        {
            return null;
        }

        var numbers = sides.ConvertAll(side => BigInteger.Parse(side, CultureInfo.InvariantCulture));
        return Codes.Append((ElementType.BFloat16, "|V2", 2)).Where(code => Matches(descr, code.Item2)).Select(code => (code.Item1, code.Item3)).FirstOrDefault() is not { Item2: > 0 } type
            || numbers.Exists(side => side > long.MaxValue) || numbers.Aggregate(BigInteger.One, (product, side) => product * BigInteger.Max(side, 1)) > long.MaxValue / 8
            || numbers.Aggregate((BigInteger)type.Item2, (product, side) => product * side) != bytes.Length - at - length
            ? null
            : Text(type.Item1, [.. numbers.Select(side => (long)side)], bytes.AsSpan(at + (int)length));
    }

    // '<f4', with any mark of byte order but the big-endian one, or none.
    private static bool Matches(string descr, string code) =>
        descr.TrimEnd(' ') is ['\'', .. var inside, '\'', ','] && (inside == code[1..] || (inside is ['<' or '|' or '=', .. var rest] && rest == code[1..]));

    private byte[] Write(TensorValue value)
    {
        var path = Path.Combine(_folder.Path, "a.npy");
        NpyFile.Write(path, value);
        return File.ReadAllBytes(path);
    }

    private static string Text(TensorValue value) => Text(value.ElementType, [.. value.Shape], value.Bytes);

    private static string Text(ElementType type, long[] shape, ReadOnlySpan<byte> data) => $"{type} [{string.Join(',', shape)}] {Convert.ToHexString(data)}";
}
