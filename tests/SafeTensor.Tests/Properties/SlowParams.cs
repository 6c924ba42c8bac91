using System.Numerics;
using System.Text;

namespace SafeTensor.Tests;

/// <summary>TVM's parameters file, read in the plainest way: what the product's reader must agree with.</summary>
internal static class SlowParams
{
    /// <returns>Each tensor and where its data begins; <see langword="null"/> where it is to be refused.</returns>
    internal static (string Text, long Offset)[]? Read(byte[] bytes)
    {
        try
        {
            var reader = new BinaryReader(new MemoryStream(bytes));
            Demand(reader.ReadUInt64() == 0xF7E58D4F05049CB7);
            reader.ReadUInt64();
            var count = reader.ReadUInt64();
            Demand(count <= 262_144);
            var names = new List<string>();
            for (ulong i = 0; i < count; i++)
            {
                names.Add(Name(Bytes(reader, reader.ReadUInt64())));
            }

            Demand(names.Distinct().Count() == names.Count && reader.ReadUInt64() == count);
            var tensors = names.ConvertAll(name => Tensor(reader, name));
            Demand(reader.BaseStream.Position == bytes.Length);
            return [.. tensors];
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException or DecoderFallbackException)
        {
            return null;
        }
    }

    private static (string Text, long Offset) Tensor(BinaryReader reader, string name)
    {
        Demand(reader.ReadUInt64() == 0xDD5E40F096B4A13F);
        reader.ReadUInt64();
        reader.ReadInt64();
        var rank = reader.ReadInt32();
        var (code, bits, lanes) = (reader.ReadByte(), reader.ReadByte(), reader.ReadUInt16());
        Demand(rank is >= 0 and <= 32 && bits > 0 && lanes == 1);
        var shape = Enumerable.Range(0, rank).Select(_ => reader.ReadInt64()).ToList();
        var length = reader.ReadInt64();
        Demand(shape.TrueForAll(side => side >= 0));
        BigInteger Product(IEnumerable<long> sides) => sides.Aggregate((BigInteger)((bits + 7) / 8), (product, side) => product * side);
        Demand(Product(shape) == length && Product(shape.Where(side => side != 0)) <= long.MaxValue);
        var offset = reader.BaseStream.Position;
        Bytes(reader, (ulong)length);
        return ($"{name} {code} {bits} [{string.Join(',', shape)}] {length}", offset);
    }

    private static byte[] Bytes(BinaryReader reader, ulong count)
    {
        Demand(count <= (ulong)(reader.BaseStream.Length - reader.BaseStream.Position));
        return reader.ReadBytes((int)count);
    }

    internal static string Name(byte[] bytes)
    {
        var name = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        Demand(bytes.Length is > 0 and <= 1024 && !name.Any(char.IsControl));
        return name;
    }

    private static void Demand(bool condition)
    {
        if (!condition)
        {
            throw new InvalidDataException();
        }
    }
}
