using System.Buffers.Binary;
using NUnit.Framework;
using SafeTensor.Fuzz.Targets;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Sizes that a plain parameters file claims.</summary>
public sealed class HostileParamsTests
{
    private const int NameAt = ParamsFormat.PreambleLength + 8, RecordAt = NameAt + 1 + 8;

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void The_file_that_the_others_change_is_read() => Assert.That(Read(Write(One())).Single().Info.ByteLength, Is.EqualTo(4));

    [TestCase(262_145ul, SafeModelError.LimitExceeded)]
    [TestCase(1_000_000_000ul, SafeModelError.LimitExceeded)]
    [TestCase(1ul << 63, SafeModelError.LimitExceeded)]
    [TestCase(ulong.MaxValue, SafeModelError.LimitExceeded)]
    [TestCase(262_144ul, SafeModelError.ModelInvalid)]
    [TestCase(0ul, SafeModelError.ModelInvalid)]
    public void Counts_of_tensors(ulong count, SafeModelError error) => Refuse(error, file => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(16), count));

    [TestCase(1025ul, SafeModelError.LimitExceeded)]
    [TestCase(1ul << 63, SafeModelError.LimitExceeded)]
    [TestCase(ulong.MaxValue, SafeModelError.LimitExceeded)]
    [TestCase(1024ul, SafeModelError.ModelInvalid)]
    [TestCase(0ul, SafeModelError.ModelInvalid)]
    public void Lengths_of_names(ulong length, SafeModelError error) => Refuse(error, file => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(24), length));

    [TestCase(0x00)]
    [TestCase(0x1B)]
    [TestCase(0x0A)]
    [TestCase(0x7F)]
    [TestCase(0x80)]
    [TestCase(0xFF)]
    public void Bytes_that_no_name_has(int value) => Refuse(SafeModelError.ModelInvalid, file => file[NameAt] = (byte)value);

    [TestCase(33, SafeModelError.LimitExceeded)]
    [TestCase(1_000_000_000, SafeModelError.LimitExceeded)]
    [TestCase(int.MaxValue, SafeModelError.LimitExceeded)]
    [TestCase(-1, SafeModelError.ModelInvalid)]
    [TestCase(32, SafeModelError.ModelInvalid)] // beyond the file's end
    public void Ranks(int rank, SafeModelError error) => Refuse(error, file => BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(RecordAt + 24), rank));

    [TestCase(0x0000_2002)] // no lanes
    [TestCase(0x0004_2002)]
    [TestCase(unchecked((int)0xFFFF_2002))]
    [TestCase(0x0001_0002)] // no bits
    [TestCase(0x0001_FF02)] // 255
    public void Element_types(int type) => Refuse(SafeModelError.ModelInvalid, file => BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(RecordAt + 28), type));

    [Test]
    public void What_a_type_code_means_is_for_others_to_say()
    {
        var file = One();
        file[RecordAt + 28] = 200;

        Assert.That(Read(Write(file)).Single().Info.Type.Code, Is.EqualTo(200));
    }

    [TestCase(32, 1L << 62)] // the side
    [TestCase(32, long.MaxValue)]
    [TestCase(32, -1L)]
    [TestCase(40, 5L)] // the length
    [TestCase(40, long.MaxValue)]
    [TestCase(40, -1L)]
    public void Sides_and_lengths(int at, long value) => Refuse(SafeModelError.ModelInvalid, file => BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(RecordAt + at), value));

    [TestCase(new long[] { 0, 1L << 62, 1L << 62 }, 0L)]
    [TestCase(new long[] { 1L << 32, 1L << 32 }, 0L)]
    [TestCase(new long[] { 1L << 60 }, 1L << 62)] // beyond the file's end
    public void Shapes_that_overflow(long[] shape, long length) =>
        Refuse(Write(Of(new ParameterInfo("a", new DataType(2, 32, 1), shape, length))), SafeModelError.ModelInvalid);

    [Test]
    public void Two_tensors_of_one_name() => Refuse(Write(Of([.. One("a", 2)])), SafeModelError.ModelInvalid);

    [Test]
    public void Names_of_17_MiB_end_at_16() =>
        Refuse(Write(Of([.. Enumerable.Range(0, (17 << 20) / 1032).Select(i => Scalar($"{i:d1024}"))])), SafeModelError.LimitExceeded);

    [Test]
    public void A_hole_of_as_many_names_as_there_may_be()
    {
        var path = Write(One());
        using (var file = File.OpenWrite(path))
        {
            file.Position = 16;
            file.Write([0, 0, 4, 0, 0, 0, 0, 0]);
            file.SetLength(file.Position);
            file.SetLength(1L << 42);
        }

        Refuse(path, SafeModelError.ModelInvalid);
    }

    private static ParameterInfo[] One(string name, int count) => [.. Enumerable.Repeat(Scalar(name), count)];

    private static byte[] One() => Of(new ParameterInfo("a", new DataType(2, 32, 1), [1], 4));

    private static ParameterInfo Scalar(string name) => new(name, new DataType(2, 32, 1), [], 4);

    private static byte[] Of(params ParameterInfo[] tensors)
    {
        var stream = new MemoryStream();
        ParamsText.WriteList(stream, tensors, at => new byte[Math.Min(4, tensors[at].ByteLength)]);
        return stream.ToArray();
    }

    private string Write(byte[] bytes)
    {
        var path = _folder[$"{Guid.NewGuid():n}.params"];
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private void Refuse(SafeModelError error, Action<byte[]> change)
    {
        var bytes = One();
        change(bytes);
        Refuse(Write(bytes), error);
    }

    private static void Refuse(string path, SafeModelError error) => Bounded.Refusal(() => Read(path), Refused.With(error));

    private static ParamsTensor[] Read(string path)
    {
        using var file = PackageFile.Open(path);
        return ParamsReader.Read(file);
    }
}
