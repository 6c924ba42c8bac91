using System.Text;
using NUnit.Framework;
using SafeTensor.Cli;
using SafeTensor.Cli.Inputs;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Cli;

/// <summary>.npy files: what NumPy writes is read, what is written is what NumPy writes, and nothing hostile gets far.</summary>
public sealed class NpyFileTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void Every_element_type_survives_a_round_trip([Values] ElementType type)
    {
        var value = TensorValue.Create(type, new byte[6 * type.ByteLength()].Select((_, i) => type == ElementType.Bool ? (byte)(i % 2) : (byte)i).ToArray(), 2, 3);

        NpyFile.Write(_folder["a.npy"], value);
        var read = NpyFile.Read(_folder["a.npy"], type);

        Assert.That(read.ElementType, Is.EqualTo(type));
        Assert.That(read.Shape, Is.EqualTo(value.Shape));
        Assert.That(read.Bytes.ToArray(), Is.EqualTo(value.Bytes.ToArray()));
        Assert.That(Directory.GetFiles(_folder.Path), Has.Length.EqualTo(1));
    }

    [Test]
    public void A_written_file_has_the_bytes_that_NumPy_writes()
    {
        NpyFile.Write(_folder["a.npy"], TensorValue.Create(new float[] { 1, 2 }, 2));

        var bytes = File.ReadAllBytes(_folder["a.npy"]);
        Assert.That(bytes, Has.Length.EqualTo(128 + 8));
        Assert.That(bytes[..10], Is.EqualTo(new byte[] { 0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, 118, 0 }));
        Assert.That(
            Encoding.ASCII.GetString(bytes, 10, 118), Is.EqualTo("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }".PadRight(117) + "\n"));
    }

    [TestCase(2)]
    [TestCase(3)]
    public void Later_versions_with_a_long_length_are_read(byte version)
    {
        const string header = "{'descr': '<i2', 'fortran_order': False, 'shape': (), }";
        File.WriteAllBytes(_folder["a.npy"], [0x93, .. "NUMPY"u8, version, 0, (byte)header.Length, 0, 0, 0, .. Encoding.ASCII.GetBytes(header), 7, 0]);

        var value = NpyFile.Read(_folder["a.npy"], ElementType.Int16);

        Assert.That(value.AsSpan<short>().ToArray(), Is.EqualTo(new short[] { 7 }));
        Assert.That(value.Shape, Is.Empty);
    }

    [TestCase("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "big-endian")]
    [TestCase("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", "column by column")]
    [TestCase("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "'c8'")]
    [TestCase("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "only plain arrays")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "needs 8")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "cannot be read")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "cannot be read")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "only plain arrays")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1), }", "cannot be read")]
    [TestCase("__import__('os').abort()", "only plain arrays")]
    public void A_header_that_says_anything_else_is_refused(string header, string message)
    {
        File.WriteAllBytes(_folder["a.npy"], [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), 0, 0, 128, 63]);

        Assert.That(() => NpyFile.Read(_folder["a.npy"], ElementType.Float32), Throws.TypeOf<UsageException>().With.Message.Contains(message));
    }

    [Test]
    public void A_header_longer_than_any_is_refused_before_it_is_allocated()
    {
        File.WriteAllBytes(_folder["a.npy"], [0x93, .. "NUMPY"u8, 2, 0, 255, 255, 255, 127, .. new byte[100]]);

        Assert.That(() => NpyFile.Read(_folder["a.npy"], ElementType.Float32), Throws.TypeOf<UsageException>().With.Message.Contains("2147483647"));
    }

    [Test]
    public void Any_cut_of_a_file_is_refused()
    {
        NpyFile.Write(_folder["whole.npy"], TensorValue.Create(new float[] { 1, 2, 3 }, 3));
        var whole = File.ReadAllBytes(_folder["whole.npy"]);

        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(_folder["cut.npy"], whole[..length]);
            Assert.That(() => NpyFile.Read(_folder["cut.npy"], ElementType.Float32), Throws.TypeOf<UsageException>(), $"{length} bytes");
        }
    }
}
