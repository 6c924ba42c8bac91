using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>Sealing holds a few segments; loading holds the weights once.</summary>
[NonParallelizable]
public sealed class PackageMemoryTests
{
    private const long Slack = 64 << 20, TensorLength = 256 << 20;
    private const int TensorCount = 4;

    [Test]
    public void A_gigabyte_is_sealed_in_a_few_segments_and_loaded_once()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["plain"]);
        using (var file = File.OpenHandle(Path.Combine(folder["plain"], "mod.params"), FileMode.CreateNew, FileAccess.Write))
        {
            WriteEmptyTensors(file);
        }

        var key = new byte[32];
        var sealing = ResidentMemory.PeakOf(() => ModelSealer.Seal(folder["plain"], folder["sealed"], key));
        long[] offsets = [0, TensorLength, 2 * TensorLength, 3 * TensorLength];
        var loading = ResidentMemory.PeakOf(() =>
        {
            using var package = SealedPackage.Open(folder["sealed"], key, new PackageExpectations(null, 0, TimeProvider.System));
            using var memory = ProtectedMemory.Reserve(TensorCount * TensorLength);
            package.ReadParameters(memory, offsets, null, CancellationToken.None);
        });

        TestContext.Out.WriteLine($"sealing {sealing >> 20} MiB, loading {loading >> 20} MiB of {TensorCount * TensorLength >> 20} MiB");
        Assert.That(sealing, Is.LessThan(Slack));
        Assert.That(loading, Is.LessThan((TensorCount * TensorLength) + Slack));
    }

    // Sparse: the data is zeros that take no room on the disk.
    private static void WriteEmptyTensors(Microsoft.Win32.SafeHandles.SafeFileHandle file)
    {
        var tensors = new List<ManifestPart>();
        var type = new DataType(2, 32, 1);
        long[] shape = [TensorLength / 4];
        for (uint i = 0; i < TensorCount; i++)
        {
            tensors.Add(new ManifestPart
            {
                Number = i,
                Name = $"p{i}",
                Length = TensorLength,
                IsEncrypted = false,
                Root = default,
                Tensor = new ParameterInfo($"p{i}", type, shape, TensorLength),
            });
        }

        var list = new MemoryStream();
        var buffer = new byte[ParamsFormat.RecordLength(1)];
        ParamsFormat.WritePreamble(buffer, TensorCount);
        list.Write(buffer.AsSpan(0, ParamsFormat.PreambleLength));
        foreach (var tensor in tensors)
        {
            list.Write(BitConverter.GetBytes(2ul));
            list.Write(System.Text.Encoding.UTF8.GetBytes(tensor.Name));
        }

        list.Write(BitConverter.GetBytes((ulong)TensorCount));
        RandomAccess.Write(file, list.ToArray(), 0);
        var offsets = SealedStructure.Offsets(tensors, list.Length);
        for (var i = 0; i < TensorCount; i++)
        {
            ParamsFormat.WriteRecord(buffer, type, shape, TensorLength);
            RandomAccess.Write(file, buffer, offsets[i] - buffer.Length);
        }

        RandomAccess.SetLength(file, offsets[^1]);
    }
}
