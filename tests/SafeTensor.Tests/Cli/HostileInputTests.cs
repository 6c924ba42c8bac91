using System.Buffers.Binary;
using System.Text;
using NUnit.Framework;
using SafeTensor.Cli;
using SafeTensor.Cli.Inputs;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Cli;

/// <summary>Sizes that an input file claims: .npy, .png, .json, and holes of files.</summary>
public sealed class HostileInputTests
{
    private static readonly TensorInfo Input = new("x", ElementType.Float32, [1, 1, 8, 8]);

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [TestCase("(9223372036854775807, 9223372036854775807)")]
    [TestCase("(0, 9223372036854775807, 9223372036854775807)")]
    [TestCase("(4294967296, 4294967296)")]
    [TestCase("(1152921504606846976,)")]
    [TestCase("(18446744073709551616,)")]
    [TestCase("(-1,)")]
    [TestCase("(2000000000,)")]
    public void Shapes_of_npy(string shape) => Refuse("a.npy", Npy($"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"));

    [TestCase(0xFFFF_FFFFu)]
    [TestCase(0x8000_0000u)]
    [TestCase(65_537u)]
    public void Headers_of_npy(uint length)
    {
        byte[] file = [0x93, .. "NUMPY"u8, 2, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(8), length);

        Refuse("a.npy", file);
        Refuse("b.npy", file, length: 8 << 20);
    }

    [Test]
    public void A_header_of_npy_of_spaces() => Refuse("a.npy", [0x93, .. "NUMPY"u8, 2, 0, 0, 0, 1, 0, .. Enumerable.Repeat((byte)' ', 65_536)]);

    [TestCase(int.MaxValue, int.MaxValue)]
    [TestCase(-1, -1)]
    [TestCase(1 << 24, 1 << 24)]
    [TestCase(30_000, 30_000)]
    [TestCase(0, 8)]
    public void Sides_of_png(int width, int height)
    {
        var file = File.ReadAllBytes(Path.Combine(TestData.Digits, "digit0.png"));
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(20), height);

        Refuse("a.png", file);
    }

    [Test]
    public void A_chunk_of_png_of_2_GiB()
    {
        var file = File.ReadAllBytes(Path.Combine(TestData.Digits, "digit0.png"));
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(33), int.MaxValue);

        Refuse("a.png", file);
    }

    [Test]
    public void Depth_and_numbers_of_json()
    {
        Refuse("a.json", Encoding.ASCII.GetBytes(new string('[', 1_000_000)));
        Refuse("b.json", "[1e999]"u8.ToArray());
        Refuse("c.json", "[[1,2],[3]]"u8.ToArray());
    }

    [TestCase("a.npy")]
    [TestCase("a.bin")]
    [TestCase("a.json")]
    [TestCase("a.png")]
    public void A_hole_of_a_terabyte(string name) => Refuse(name, [0x93, .. "NUMPY"u8, 1, 0], length: 1L << 40);

    private static byte[] Npy(string header) => [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), 0, 0, 0, 0];

    private void Refuse(string name, byte[] file, long length = 0)
    {
        using (var stream = File.Create(_folder[name]))
        {
            stream.Write(file);
            stream.SetLength(Math.Max(length, file.Length));
        }

        Bounded.Refusal(() => InputFile.Read(_folder[name], Input, null), Throws.TypeOf<UsageException>().With.Message.Contains(name));
    }
}
