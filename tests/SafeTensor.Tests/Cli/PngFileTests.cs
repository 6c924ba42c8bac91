using NUnit.Framework;
using SafeTensor.Cli;
using SafeTensor.Cli.Inputs;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Cli;

/// <summary>Pictures become inputs of their own size and channels.</summary>
public sealed class PngFileTests
{
    // 2 × 1 pixels: red, blue.
    private const string RedBlue =
        "89504E470D0A1A0A0000000D49484452000000020000000108020000007B40E8DD0000000D4944415478DA63F8CF0004FF01070001FF3D7D8C490000000049454E44AE426082";

    // 30000 × 30000 pixels are promised, and none is there.
    private const string Bomb =
        "89504E470D0A1A0A0000000D4948445200007530000075300800000000434CA7660000000849444154789C030000000001480689D20000000049454E44AE426082";

    private static readonly string Digit = Path.Combine(TestData.Digits, "digit0.png");
    private static readonly int[] FirstRow = [0, 0, 0, 225, 180, 15, 0, 0];

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void Floats_get_0_to_1() =>
        Assert.That(
            PngFile.Read(Digit, new TensorInfo("image", ElementType.Float32, [1, 1, 8, 8]), null).AsSpan<float>()[..8].ToArray(),
            Is.EqualTo(FirstRow.Select(grey => grey / 255f)).Within(1e-6));

    [Test]
    public void A_scale_multiplies_the_grey_levels_instead() =>
        Assert.That(
            PngFile.Read(Digit, new TensorInfo("image", ElementType.Float32, [8, 8]), 0.5).AsSpan<float>()[..8].ToArray(),
            Is.EqualTo(FirstRow.Select(grey => grey / 2f)));

    [Test]
    public void Integers_get_0_to_255([Values(ElementType.UInt8, ElementType.Int16, ElementType.Int32, ElementType.Int64, ElementType.UInt16, ElementType.UInt32, ElementType.UInt64)] ElementType type)
    {
        var value = PngFile.Read(Digit, new TensorInfo("image", type, [1, 8, 8, 1]), null);

        Assert.That(value.Bytes.Length, Is.EqualTo(64 * type.ByteLength()));
        Assert.That(FirstRow.Select((_, i) => (int)value.Bytes[i * type.ByteLength()]), Is.EqualTo(FirstRow));
    }

    [Test]
    public void Levels_that_do_not_fit_ask_for_a_scale()
    {
        var input = new TensorInfo("image", ElementType.Int8, [1, 1, 8, 8]);

        Assert.That(() => PngFile.Read(Digit, input, null), Throws.TypeOf<UsageException>().With.Message.Contains("--scale"));
        Assert.That(PngFile.Read(Digit, input, 0.5).AsSpan<sbyte>()[3], Is.EqualTo(112));
    }

    [Test]
    public void Channels_come_first_or_last_as_the_input_has_them()
    {
        var file = WriteHex(RedBlue);

        Assert.That(
            PngFile.Read(file, new TensorInfo("x", ElementType.UInt8, [1, 3, 1, 2]), null).Bytes.ToArray(), Is.EqualTo(new byte[] { 255, 0, 0, 0, 0, 255 }));
        Assert.That(
            PngFile.Read(file, new TensorInfo("x", ElementType.UInt8, [1, 2, 3]), null).Bytes.ToArray(), Is.EqualTo(new byte[] { 255, 0, 0, 0, 0, 255 }));
        Assert.That(
            PngFile.Read(file, new TensorInfo("x", ElementType.Float32, [3, 1, 2]), 1).AsSpan<float>().ToArray(), Is.EqualTo(new float[] { 255, 0, 0, 0, 0, 255 }));
    }

    [Test]
    public void Another_size_is_refused_with_both()
    {
        Assert.That(
            () => PngFile.Read(Digit, new TensorInfo("image", ElementType.Float32, [1, 3, 224, 224]), null),
            Throws.TypeOf<UsageException>().With.Message.Contains("8 × 8").And.Message.Contains("1 channel").And.Message.Contains("float32[1,3,224,224]"));
        Assert.That(() => PngFile.Read(Digit, new TensorInfo("flags", ElementType.Bool, [8, 8]), null), Throws.TypeOf<UsageException>());
    }

    [Test]
    public void A_picture_that_promises_gigabytes_is_refused_by_its_size() =>
        Assert.That(
            () => PngFile.Read(WriteHex(Bomb), new TensorInfo("image", ElementType.Float32, [8, 8]), null),
            Throws.TypeOf<UsageException>().With.Message.Contains("30000 × 30000"));

    [Test]
    public void Any_cut_or_damage_gives_an_error_and_no_crash()
    {
        var whole = File.ReadAllBytes(Digit);
        for (var at = 0; at < whole.Length; at++)
        {
            var cut = whole[..at];
            var damaged = whole.ToArray();
            damaged[at] ^= 0xFF;
            foreach (var bytes in new[] { cut, damaged })
            {
                File.WriteAllBytes(_folder["a.png"], bytes);
                try
                {
                    PngFile.Read(_folder["a.png"], new TensorInfo("image", ElementType.Float32, [1, 1, 8, 8]), null);
                }
                catch (UsageException e)
                {
                    Assert.That(e.Message, Does.Contain("a.png"), $"byte {at}");
                }
            }
        }
    }

    private string WriteHex(string hex)
    {
        File.WriteAllBytes(_folder["a.png"], Convert.FromHexString(hex));
        return _folder["a.png"];
    }
}
