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
        using var cursor = new FileCursor(file);
        var names = ReadNames(file, cursor);
        var tensors = new ParamsTensor[names.Count];
        for (var i = 0; i < tensors.Length; i++)
        {
            tensors[i] = ReadRecord(file, names[i], cursor);
        }

        return cursor.Offset == file.Length
            ? tensors
            : throw Invalid(file, $"has {file.Length - cursor.Offset} bytes after its last tensor.");
    }

    private static List<string> ReadNames(PackageFile file, FileCursor cursor)
    {
        var preamble = Take(file, cursor, ParamsFormat.PreambleLength);
        if (BinaryPrimitives.ReadUInt64LittleEndian(preamble) != ParamsFormat.ListMagic)
        {
            throw Invalid(file, "is not a TVM parameters file (its first 8 bytes are not the list's magic).");
        }

        var count = BinaryPrimitives.ReadUInt64LittleEndian(preamble[16..]);
        file.RequireAtMost("tensors", count, ParamsFormat.MaxTensors);
        Demand(file, cursor.Offset, (long)count * 8);
        RequireLengths(file, cursor.Offset, count);

        // They grow with what is there: the count is only a claim.
        var names = new List<string>();
        var unique = new HashSet<string>(StringComparer.Ordinal);
        for (ulong i = 0; i < count; i++)
        {
            var name = ReadName(file, cursor);
            names.Add(unique.Add(name) ? name : throw Invalid(file, $"names '{SafeText.Escape(name)}' twice."));
        }

        var tensors = BinaryPrimitives.ReadUInt64LittleEndian(Take(file, cursor, 8));
        return tensors == count ? names : throw Invalid(file, $"has {count} names for {tensors} tensors.");
    }

    // Before any name is kept.
    private static void RequireLengths(PackageFile file, long offset, ulong count)
    {
        using var cursor = new FileCursor(file);
        cursor.Skip(offset);
        for (ulong i = 0; i < count; i++)
        {
            var length = BinaryPrimitives.ReadUInt64LittleEndian(Take(file, cursor, 8));
            file.RequireAtMost("bytes in a name", length, ParamsFormat.MaxNameLength);
            cursor.Skip((long)length);
            file.RequireAtMost("bytes of names", (ulong)cursor.Offset, ParamsFormat.MaxNamesLength);
        }
    }

    private static string ReadName(PackageFile file, FileCursor cursor)
    {
        var length = BinaryPrimitives.ReadUInt64LittleEndian(Take(file, cursor, 8));

        // Checked already, but the file can have changed since.
        file.RequireAtMost("bytes in a name", length, ParamsFormat.MaxNameLength);
        var bytes = Take(file, cursor, (int)length);
        return TensorName.TryDecode(bytes, out var name)
            ? name
            : throw Invalid(file, $"has a name that is empty, not UTF-8 or holds control characters, at byte {cursor.Offset - bytes.Length}.");
    }

    private static ParamsTensor ReadRecord(PackageFile file, string name, FileCursor cursor)
    {
        var record = Take(file, cursor, ParamsFormat.FixedRecordLength);
        var rank = BinaryPrimitives.ReadInt32LittleEndian(record[24..]);
        var type = new DataType(record[28], record[29], BinaryPrimitives.ReadUInt16LittleEndian(record[30..]));
        if (BinaryPrimitives.ReadUInt64LittleEndian(record) != ParamsFormat.TensorMagic || rank < 0)
        {
            throw Invalid(file, $"has no tensor record at byte {cursor.Offset - record.Length}, where '{SafeText.Escape(name)}' should begin.");
        }

        file.RequireAtMost($"dimensions of '{SafeText.Escape(name)}'", (ulong)rank, ParamsFormat.MaxRank);
        var rest = Take(file, cursor, ParamsFormat.RecordLength(rank) - ParamsFormat.FixedRecordLength);
        var shape = new long[rank];
        for (var i = 0; i < rank; i++)
        {
            shape[i] = BinaryPrimitives.ReadInt64LittleEndian(rest[(8 * i)..]);
        }

        var bytes = BinaryPrimitives.ReadInt64LittleEndian(rest[^8..]);
        if (type.Lanes != 1 || type.Bits == 0 || bytes < 0 || bytes != type.ByteLengthOf(shape))
        {
            throw Invalid(file, $"says that '{SafeText.Escape(name)}' is {type}[{string.Join(',', shape)}] in {bytes} bytes, which do not agree.");
        }

        Demand(file, cursor.Offset, bytes);
        var tensor = new ParamsTensor(new ParameterInfo(name, type, shape, bytes), cursor.Offset);
        cursor.Skip(bytes);
        return tensor;
    }

    private static ReadOnlySpan<byte> Take(PackageFile file, FileCursor cursor, int length)
    {
        Demand(file, cursor.Offset, length);
        return cursor.Take(length);
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
