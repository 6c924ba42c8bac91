using System.Buffers.Binary;
using System.Text;

namespace SafeTensor.Tests.Independent;

/// <summary>TVM's list of tensors: docs/format.md, section 3.</summary>
internal static class ParamsList
{
    internal const string ManifestName = "__safetensor__";
    internal const int MaxNamesEnd = 16 << 20, MaxTensors = 262_144, MaxNameLength = 1024, MaxManifest = 64 << 20;

    private const ulong ListMagic = 0xF7E58D4F05049CB7, TensorMagic = 0xDD5E40F096B4A13F;

    /// <summary>Up to a manifest's data there are, after the names, the second count and a record's head of rank 1.</summary>
    internal const int ManifestHeadLength = 8 + 8 + 8 + 8 + 8 + 8 + 8;

    /// <summary>All that precedes the manifest's data.</summary>
    internal static byte[] BeforeManifest(TensorPart[] tensors, long manifestLength) => Segments.Join(
        Names([Encoding.ASCII.GetBytes(ManifestName), .. tensors.Select(tensor => tensor.Name)]),
        RecordHead(TensorPart.UnsignedType, 8, [manifestLength], manifestLength));

    /// <summary>A plain file.</summary>
    internal static byte[] Plain(TensorPart[] tensors, byte[][] data) =>
        Segments.Join([Names([.. tensors.Select(tensor => tensor.Name)]), .. tensors.SelectMany((tensor, i) => new[] { RecordHead(tensor), data[i] })]);

    internal static byte[] RecordHead(TensorPart tensor) => RecordHead(tensor.TypeCode, tensor.Bits, tensor.Dimensions, tensor.Length);

    /// <summary>Where the data of the first tensor begins, which is the manifest, how long it is, and how many names there are.</summary>
    internal static (int Offset, int Length, long Names) FindManifest(byte[] file)
    {
        Require(file.Length >= 24 + 8 + ManifestName.Length && U64(file, 0) == ListMagic, FormatError.NotEncrypted, "no list of tensors");
        var count = U64(file, 16);
        Require(count >= 1, FormatError.NotEncrypted, "no tensor");
        var isManifest = U64(file, 24) == (ulong)ManifestName.Length && Encoding.Latin1.GetString(file, 24 + 8, ManifestName.Length) == ManifestName;
        Require(isManifest, FormatError.NotEncrypted, "the first tensor is another");
        Require(count <= MaxTensors + 1, FormatError.LimitExceeded, $"{count} tensors");
        long position = 24;
        for (ulong i = 0; i < count; i++)
        {
            Require(position + 8 <= file.Length, FormatError.Tampered, "the file ends within the names");
            var length = U64(file, (int)position);
            Require(length <= MaxNameLength, FormatError.LimitExceeded, $"a name of {length} bytes");
            position += 8 + (long)length;
            Require(position <= MaxNamesEnd, FormatError.LimitExceeded, "the names are too long");
        }

        Require(position + ManifestHeadLength <= file.Length, FormatError.Tampered, "the file ends before the manifest");
        position += ManifestHeadLength;
        var manifest = U64(file, (int)position - 8);
        Require(manifest <= MaxManifest, FormatError.LimitExceeded, $"a manifest of {manifest} bytes");
        var head = RecordHead(TensorPart.UnsignedType, 8, [(long)manifest], (long)manifest);
        Require(file.AsSpan((int)position - head.Length, head.Length).SequenceEqual(head), FormatError.Tampered, "the head of the manifest's record");
        Require((long)manifest <= file.Length - position, FormatError.Tampered, "the file ends within the manifest");
        Require(manifest >= Header.Length, FormatError.UnsupportedFormat, "a manifest shorter than its header");
        return ((int)position, (int)manifest, (long)count);
    }

    /// <summary>Reads a plain file, which is taken to be right.</summary>
    internal static (TensorPart[] Tensors, byte[][] Data) ReadPlain(byte[] file)
    {
        using var reader = new BinaryReader(new MemoryStream(file));
        reader.BaseStream.Position = 16;
        var names = Enumerable.Range(0, (int)reader.ReadUInt64()).Select(_ => reader.ReadBytes((int)reader.ReadUInt64())).ToArray();
        reader.ReadUInt64();
        var (tensors, data) = (new TensorPart[names.Length], new byte[names.Length][]);
        for (var i = 0; i < names.Length; i++)
        {
            reader.BaseStream.Position += 24;
            var rank = reader.ReadInt32();
            var (type, bits, _) = (reader.ReadByte(), reader.ReadByte(), reader.ReadUInt16());
            long[] shape = [.. Enumerable.Range(0, rank).Select(_ => reader.ReadInt64())];
            data[i] = reader.ReadBytes((int)reader.ReadInt64());
            tensors[i] = new(names[i], type, bits, shape, data[i].Length, true, Part.NoRoot);
        }

        return (tensors, data);
    }

    private static byte[] Names(byte[][] names) => Write(writer =>
    {
        writer.Write(ListMagic);
        writer.Write(0UL);
        writer.Write((ulong)names.Length);
        foreach (var name in names)
        {
            writer.Write((ulong)name.Length);
            writer.Write(name);
        }

        writer.Write((ulong)names.Length);
    });

    private static byte[] RecordHead(byte typeCode, byte bits, long[] dimensions, long length) => Write(writer =>
    {
        writer.Write(TensorMagic);
        writer.Write(0UL);
        writer.Write(1u);
        writer.Write(0u);
        writer.Write((uint)dimensions.Length);
        writer.Write(typeCode);
        writer.Write(bits);
        writer.Write((ushort)1);
        foreach (var dimension in dimensions)
        {
            writer.Write(dimension);
        }

        writer.Write(length);
    });

    private static byte[] Write(Action<BinaryWriter> write)
    {
        using var output = new MemoryStream();
        using var writer = new BinaryWriter(output);
        write(writer);
        writer.Flush();
        return output.ToArray();
    }

    private static ulong U64(byte[] file, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(offset));

    private static void Require(bool right, FormatError error, string message) => RefusedPackageException.Unless(right, error, message);
}
