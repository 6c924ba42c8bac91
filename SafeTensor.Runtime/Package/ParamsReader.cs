using System.Buffers.Binary;

namespace SafeTensor.Runtime;

/// <summary>Reads the structure of a plain TVM parameters file. TVM's own reader accepts truncated, duplicate and trailing data; this one does not.</summary>
internal static class ParamsReader
{
    /// <summary>All tensors in file order. Reads no tensor's data.</summary>
    /// <exception cref="SafeModelException">
    /// <see cref="SafeModelError.ModelInvalid"/>: not such a file, or a damaged one; <see cref="SafeModelError.LimitExceeded"/>.
    /// </exception>
    internal static ParamsTensor[] Read(PackageFile file)
    {
        var names = ReadNames(file, out var offset);
        var tensors = new ParamsTensor[names.Length];
        Span<byte> record = stackalloc byte[ParamsFormat.RecordLength(ParamsFormat.MaxRank)];
        for (var i = 0; i < names.Length; i++)
        {
            tensors[i] = ReadRecord(file, names[i], record, ref offset);
        }

        return offset == file.Length
            ? tensors
            : throw Invalid(file, $"has {file.Length - offset} bytes after its last tensor.");
    }

    private static string[] ReadNames(PackageFile file, out long offset)
    {
        Span<byte> preamble = stackalloc byte[ParamsFormat.PreambleLength];
        Demand(file, 0, preamble.Length);
        file.Read(0, preamble);
        if (BinaryPrimitives.ReadUInt64LittleEndian(preamble) != ParamsFormat.ListMagic)
        {
            throw Invalid(file, "is not a TVM parameters file (its first 8 bytes are not the list's magic).");
        }

        offset = preamble.Length;
        var count = BinaryPrimitives.ReadUInt64LittleEndian(preamble[16..]);
        file.RequireAtMost("tensors", count, ParamsFormat.MaxTensors);
        Demand(file, offset, (long)count * 8);
        var names = new string[count];
        var unique = new HashSet<string>((int)count, StringComparer.Ordinal);
        Span<byte> buffer = stackalloc byte[ParamsFormat.MaxNameLength];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = ReadName(file, buffer, ref offset);
            if (!unique.Add(names[i]))
            {
                throw Invalid(file, $"names '{SafeText.Escape(names[i])}' twice.");
            }
        }

        Demand(file, offset, 8);
        file.Read(offset, buffer[..8]);
        offset += 8;
        var tensors = BinaryPrimitives.ReadUInt64LittleEndian(buffer);
        return tensors == count ? names : throw Invalid(file, $"has {count} names for {tensors} tensors.");
    }

    private static string ReadName(PackageFile file, Span<byte> buffer, ref long offset)
    {
        Demand(file, offset, 8);
        file.Read(offset, buffer[..8]);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(buffer);
        file.RequireAtMost("bytes in a name", length, ParamsFormat.MaxNameLength);
        offset += 8;
        Demand(file, offset, (long)length);
        var bytes = buffer[..(int)length];
        file.Read(offset, bytes);
        offset += bytes.Length;
        if (offset > ParamsFormat.MaxNamesLength)
        {
            file.RequireAtMost("bytes of names", (ulong)offset, ParamsFormat.MaxNamesLength);
        }

        return TensorName.TryDecode(bytes, out var name)
            ? name
            : throw Invalid(file, $"has a name that is empty, not UTF-8 or holds control characters, at byte {offset - bytes.Length}.");
    }

    private static ParamsTensor ReadRecord(PackageFile file, string name, Span<byte> record, ref long offset)
    {
        Demand(file, offset, ParamsFormat.RecordLength(0));
        file.Read(offset, record[..ParamsFormat.RecordLength(0)]);
        var rank = BinaryPrimitives.ReadInt32LittleEndian(record[24..]);
        if (BinaryPrimitives.ReadUInt64LittleEndian(record) != ParamsFormat.TensorMagic || rank < 0)
        {
            throw Invalid(file, $"has no tensor record at byte {offset}, where '{SafeText.Escape(name)}' should begin.");
        }

        file.RequireAtMost($"dimensions of '{SafeText.Escape(name)}'", (ulong)rank, ParamsFormat.MaxRank);
        var length = ParamsFormat.RecordLength(rank);
        Demand(file, offset, length);
        file.Read(offset, record[..length]);
        var type = new DataType(record[28], record[29], BinaryPrimitives.ReadUInt16LittleEndian(record[30..]));
        var shape = new long[rank];
        for (var i = 0; i < rank; i++)
        {
            shape[i] = BinaryPrimitives.ReadInt64LittleEndian(record[(ParamsFormat.FixedRecordLength + (8 * i))..]);
        }

        var bytes = BinaryPrimitives.ReadInt64LittleEndian(record[(length - 8)..]);
        if (type.Lanes != 1 || type.Bits == 0 || bytes < 0 || bytes != type.ByteLengthOf(shape))
        {
            throw Invalid(file, $"says that '{SafeText.Escape(name)}' is {type}[{string.Join(',', shape)}] in {bytes} bytes, which do not agree.");
        }

        offset += length;
        Demand(file, offset, bytes);
        var tensor = new ParamsTensor(new ParameterInfo(name, type, shape, bytes), offset);
        offset += bytes;
        return tensor;
    }

    private static void Demand(PackageFile file, long offset, long length)
    {
        if (length > file.Length - offset)
        {
            throw Invalid(file, $"is cut off: it has {file.Length} bytes and needs {length} at byte {offset}.");
        }
    }

    private static SafeModelException Invalid(PackageFile file, string message) => new(SafeModelError.ModelInvalid, file.Name, message);
}
