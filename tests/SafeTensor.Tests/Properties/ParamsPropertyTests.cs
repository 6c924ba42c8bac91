using CsCheck;
using NUnit.Framework;
using SafeTensor.Fuzz;
using SafeTensor.Fuzz.Targets;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Parameters files: what is written is read, and whatever is read, a plain reader reads the same.</summary>
public sealed class ParamsPropertyTests
{
    private const int Iterations = 10_000;

    private readonly FuzzFolder _folder = new();

    [Test]
    public void What_is_written_is_read() => RandomTensors.Some.Sample(
        tensors => Assert.That(Read(Write(tensors))!.Select(tensor => tensor.Text), Is.EqualTo(tensors.Select(Text))), iter: Iterations / 10, threads: 1);

    [Test]
    public void An_edit_is_refused_or_read_as_a_plain_reader_does()
    {
        var (read, refused) = (0, 0);
        Gen.Select(RandomTensors.Some, RandomEdit.Some).Sample(
            (tensors, edits) =>
            {
                var bytes = RandomEdit.Apply(Write(tensors), edits);
                var expected = SlowParams.Read(bytes);
                Assert.That(Read(bytes), Is.EqualTo(expected));
                (read, refused) = expected is null ? (read, refused + 1) : (read + 1, refused);
            },
            iter: Iterations, threads: 1);

        // Both kinds, or the property says nothing.
        Assert.That(Math.Min(read, refused), Is.GreaterThan(Iterations / 50));
    }

    private (string Text, long Offset)[]? Read(byte[] bytes)
    {
        using var file = PackageFile.Open(_folder.Write("mod.params", bytes));
        try
        {
            return [.. ParamsReader.Read(file).Select(tensor => (Text(tensor.Info), tensor.Offset))];
        }
        catch (SafeModelException e) when (e.Error is SafeModelError.ModelInvalid or SafeModelError.LimitExceeded)
        {
            return null;
        }
    }

    private static string Text(ParameterInfo info) => $"{info.Name} {info.Type.Code} {info.Type.Bits} [{string.Join(',', info.Shape)}] {info.ByteLength}";

    private static byte[] Write(ParameterInfo[] tensors)
    {
        var stream = new MemoryStream();
        ParamsText.WriteList(stream, tensors, at => Enumerable.Range(0, (int)tensors[at].ByteLength).Select(i => (byte)i).ToArray());
        return stream.ToArray();
    }
}
