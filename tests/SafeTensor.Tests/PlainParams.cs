using System.Text;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Plain parameters files of any size, for models of nothing else.</summary>
internal static class PlainParams
{
    /// <summary>Makes a folder with a file of that many uint8 tensors, p0, p1 and so on. Their data is a hole: zeros that take no room on the disk.</summary>
    /// <returns>Where each tensor's data begins.</returns>
    internal static long[] Create(string folder, int count, long length)
    {
        Directory.CreateDirectory(folder);
        using var file = File.OpenHandle(Path.Combine(folder, "mod.params"), FileMode.CreateNew, FileAccess.Write);
        var list = new MemoryStream();
        var record = new byte[ParamsFormat.RecordLength(1)];
        ParamsFormat.WritePreamble(record, (ulong)count);
        list.Write(record.AsSpan(0, ParamsFormat.PreambleLength));
        for (var i = 0; i < count; i++)
        {
            var name = Encoding.UTF8.GetBytes($"p{i}");
            list.Write(BitConverter.GetBytes((ulong)name.Length));
            list.Write(name);
        }

        list.Write(BitConverter.GetBytes((ulong)count));
        RandomAccess.Write(file, list.ToArray(), 0);
        ParamsFormat.WriteRecord(record, new DataType(Code: 1, Bits: 8, Lanes: 1), [length], length);
        var offsets = new long[count];
        var at = list.Length;
        for (var i = 0; i < count; i++)
        {
            RandomAccess.Write(file, record, at);
            offsets[i] = at + record.Length;
            at = offsets[i] + length;
        }

        RandomAccess.SetLength(file, at);
        return offsets;
    }

    /// <summary>As <see cref="Create"/>, with random data.</summary>
    /// <returns>The data of all tensors, one after the other.</returns>
    internal static byte[] CreateRandom(string folder, int count, int length)
    {
        var offsets = Create(folder, count, length);
        var data = new byte[count * length];
        new Random(count).NextBytes(data);
        using var file = File.OpenHandle(Path.Combine(folder, "mod.params"), FileMode.Open, FileAccess.Write);
        for (var i = 0; i < count; i++)
        {
            RandomAccess.Write(file, data.AsSpan(i * length, length), offsets[i]);
        }

        return data;
    }

    /// <summary>Writes a file anew with other tensors.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="change">Gets its tensors with their data, and gives those that are to be there.</param>
    internal static void Rewrite(string path, Func<IEnumerable<(ParameterInfo Info, byte[] Data)>, IEnumerable<(ParameterInfo Info, byte[] Data)>> change)
    {
        var bytes = File.ReadAllBytes(path);
        List<(ParameterInfo Info, byte[] Data)> tensors;
        using (var file = PackageFile.Open(path))
        {
            tensors = [.. change(ParamsReader.Read(file).Select(tensor => (tensor.Info, bytes.AsSpan((int)tensor.Offset, (int)tensor.Info.ByteLength).ToArray())))];
        }

        using var list = new MemoryStream();
        var record = new byte[ParamsFormat.RecordLength(ParamsFormat.MaxRank)];
        ParamsFormat.WritePreamble(record, (ulong)tensors.Count);
        list.Write(record.AsSpan(0, ParamsFormat.PreambleLength));
        foreach (var name in tensors.Select(tensor => Encoding.UTF8.GetBytes(tensor.Info.Name)))
        {
            list.Write(BitConverter.GetBytes((ulong)name.Length));
            list.Write(name);
        }

        list.Write(BitConverter.GetBytes((ulong)tensors.Count));
        foreach (var (info, data) in tensors)
        {
            ParamsFormat.WriteRecord(record, info.Type, info.Shape, info.ByteLength);
            list.Write(record.AsSpan(0, ParamsFormat.RecordLength(info.Shape.Length)));
            list.Write(data);
        }

        File.WriteAllBytes(path, list.ToArray());
    }
}
