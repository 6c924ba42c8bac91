using System.Buffers.Binary;
using System.Text;

namespace SafeTensor.Runtime;

/// <summary>The bytes of a TVM parameters file around its tensors' data, all little-endian.</summary>
/// <remarks>
/// Source: TVM's <c>SaveParams</c> (0.7 to 0.27): list magic, reserved u64, names, a count, and for each tensor a record of magic,
/// reserved u64, device, rank, type, shape, byte length and data.
/// </remarks>
internal static class ParamsFormat
{
    internal const ulong ListMagic = 0xF7E58D4F05049CB7, TensorMagic = 0xDD5E40F096B4A13F;
    internal const int MaxTensors = 262_144, MaxNameLength = 1024, MaxRank = 32;
    internal const long MaxNamesLength = 16 << 20;

    /// <summary>Of a record, up to and with its type; shape and byte length follow.</summary>
    internal const int FixedRecordLength = 32;

    /// <summary>Before the names: magic, reserved and the number of names.</summary>
    internal const int PreambleLength = 24;

    private const int CpuDevice = 1;

    /// <summary>The bytes between the end of one tensor's data and the beginning of the next one's.</summary>
    internal static int RecordLength(int rank) => FixedRecordLength + (8 * rank) + 8;

    internal static void WritePreamble(Span<byte> destination, ulong count)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, ListMagic);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], count);
    }

    /// <summary>All that stands before the first tensor's record.</summary>
    internal static byte[] Names(IReadOnlyCollection<string> names)
    {
        using var list = new MemoryStream();
        Span<byte> buffer = stackalloc byte[PreambleLength];
        WritePreamble(buffer, (ulong)names.Count);
        list.Write(buffer);
        var count = buffer[..8];
        foreach (var name in names.Select(Encoding.UTF8.GetBytes))
        {
            BinaryPrimitives.WriteInt64LittleEndian(count, name.Length);
            list.Write(count);
            list.Write(name);
        }

        BinaryPrimitives.WriteInt64LittleEndian(count, names.Count);
        list.Write(count);
        return list.ToArray();
    }

    /// <summary>Writes <see cref="RecordLength"/> bytes.</summary>
    internal static void WriteRecord(Span<byte> destination, DataType type, ReadOnlySpan<long> shape, long byteLength)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, TensorMagic);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], 0);
        BinaryPrimitives.WriteInt32LittleEndian(destination[16..], CpuDevice);
        BinaryPrimitives.WriteInt32LittleEndian(destination[20..], 0);
        BinaryPrimitives.WriteInt32LittleEndian(destination[24..], shape.Length);
        destination[28] = type.Code;
        destination[29] = type.Bits;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[30..], type.Lanes);
        var at = FixedRecordLength;
        foreach (var length in shape)
        {
            BinaryPrimitives.WriteInt64LittleEndian(destination[at..], length);
            at += 8;
        }

        BinaryPrimitives.WriteInt64LittleEndian(destination[at..], byteLength);
    }
}
