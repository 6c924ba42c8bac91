using System.Buffers.Binary;
using System.Text;

namespace SafeTensor.Runtime;

/// <summary>Every byte of a sealed mod.params that is neither manifest nor data follows from the manifest. This writes them, and compares.</summary>
internal static class SealedStructure
{
    /// <summary>The bytes before the manifest: preamble, names, the count, the manifest's record.</summary>
    internal static byte[] Prefix(IReadOnlyList<ManifestPart> tensors, long manifestLength)
    {
        var stream = new MemoryStream(PrefixLength(tensors));
        Span<byte> buffer = stackalloc byte[ParamsFormat.RecordLength(1)];
        ParamsFormat.WritePreamble(buffer, (ulong)tensors.Count + 1);
        stream.Write(buffer[..ParamsFormat.PreambleLength]);
        WriteName(stream, Manifest.TensorName);
        foreach (var tensor in tensors)
        {
            WriteName(stream, tensor.Name);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(buffer, (ulong)tensors.Count + 1);
        stream.Write(buffer[..8]);
        ParamsFormat.WriteRecord(buffer, SealedParams.ManifestType, [manifestLength], manifestLength);
        stream.Write(buffer);
        return stream.GetBuffer();
    }

    private static int PrefixLength(IReadOnlyList<ManifestPart> tensors) =>
        ParamsFormat.PreambleLength + tensors.Sum(tensor => 8 + Encoding.UTF8.GetByteCount(tensor.Name)) + 8 + Manifest.TensorName.Length + 8 + ParamsFormat.RecordLength(1);

    /// <summary>Where each tensor's data begins, and after the last the file's length.</summary>
    /// <exception cref="OverflowException">No file is as long as that.</exception>
    internal static long[] Offsets(IReadOnlyList<ManifestPart> tensors, long dataStart)
    {
        var offsets = new long[tensors.Count + 1];
        var at = dataStart;
        for (var i = 0; i < tensors.Count; i++)
        {
            offsets[i] = checked(at + ParamsFormat.RecordLength(tensors[i].Tensor!.Shape.Length));
            at = checked(offsets[i] + tensors[i].Length);
        }

        offsets[^1] = at;
        return offsets;
    }

    /// <summary>Compares the file with what its manifest says (step 5 of a load).</summary>
    /// <returns>As <see cref="Offsets"/>.</returns>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.Tampered"/>.</exception>
    internal static long[] Verify(SealedParams source, IReadOnlyList<ManifestPart> tensors)
    {
        var file = source.File;
        var manifestLength = (long)ManifestHeader.Length + source.Header.RestLength;
        if (PrefixLength(tensors) != source.ManifestOffset || !Matches(file, 0, Prefix(tensors, manifestLength)))
        {
            throw Changed(file, "list of names");
        }

        long[] offsets;
        try
        {
            offsets = Offsets(tensors, source.ManifestOffset + manifestLength);
        }
        catch (OverflowException e)
        {
            throw new SafeModelException(SafeModelError.Tampered, file.Name, "lists more bytes in its manifest than a file can have.", e);
        }

        if (offsets[^1] != file.Length)
        {
            throw new SafeModelException(
                SafeModelError.Tampered, file.Name, $"has {file.Length} bytes instead of {offsets[^1]}. Copy the whole file again.");
        }

        var expected = new byte[ParamsFormat.RecordLength(ParamsFormat.MaxRank)];
        for (var i = 0; i < tensors.Count; i++)
        {
            var tensor = tensors[i].Tensor!;
            var record = expected.AsSpan(0, ParamsFormat.RecordLength(tensor.Shape.Length));
            ParamsFormat.WriteRecord(record, tensor.Type, tensor.Shape, tensor.ByteLength);
            if (!Matches(file, offsets[i] - record.Length, record))
            {
                throw Changed(file, $"record of '{SafeText.Escape(tensor.Name)}'");
            }
        }

        return offsets;
    }

    private static void WriteName(MemoryStream stream, string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)bytes.Length);
        stream.Write(length);
        stream.Write(bytes);
    }

    private static bool Matches(PackageFile file, long offset, ReadOnlySpan<byte> expected)
    {
        Span<byte> chunk = stackalloc byte[4096];
        while (!expected.IsEmpty)
        {
            var part = chunk[..Math.Min(chunk.Length, expected.Length)];
            file.Read(offset, part);
            if (!part.SequenceEqual(expected[..part.Length]))
            {
                return false;
            }

            expected = expected[part.Length..];
            offset += part.Length;
        }

        return true;
    }

    private static SafeModelException Changed(PackageFile file, string what) =>
        new(SafeModelError.Tampered, file.Name, $"has a {what} that was changed after sealing. Get the package again.");
}
