using System.Buffers.Binary;
using System.Text;
using SafeTensor.Runtime;

namespace SafeTensor.Fuzz.Targets;

/// <summary>Writes a parameters file with the bytes that the product writes around its tensors' data.</summary>
internal static class ParamsText
{
    internal static void WriteList(Stream stream, ParameterInfo[] tensors, Func<int, ReadOnlyMemory<byte>> data)
    {
        Span<byte> buffer = stackalloc byte[ParamsFormat.RecordLength(ParamsFormat.MaxRank)];
        ParamsFormat.WritePreamble(buffer, (ulong)tensors.Length);
        stream.Write(buffer[..ParamsFormat.PreambleLength]);
        foreach (var tensor in tensors)
        {
            var name = Encoding.UTF8.GetBytes(tensor.Name);
            WriteNumber(stream, name.Length);
            stream.Write(name);
        }

        WriteNumber(stream, tensors.Length);
        for (var i = 0; i < tensors.Length; i++)
        {
            ParamsFormat.WriteRecord(buffer, tensors[i].Type, tensors[i].Shape, tensors[i].ByteLength);
            stream.Write(buffer[..ParamsFormat.RecordLength(tensors[i].Shape.Length)]);
            stream.Write(data(i).Span);
        }
    }

    private static void WriteNumber(Stream stream, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        stream.Write(bytes);
    }
}
