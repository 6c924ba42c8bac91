using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;

namespace SafeTensor.Tests;

/// <summary>The rules of docs/format.md, section 5, one after the other, over a tree of a body's values.</summary>
internal static class SlowManifest
{
    /// <returns>What it says, as <see cref="ManifestPropertyTests"/> writes it; <see langword="null"/> where it is to be refused.</returns>
    /// <exception cref="NotSupportedException">This model cannot tell.</exception>
    internal static string? Read(byte[] body, int segmentSize, int tagCount)
    {
        try
        {
            var pairs = (List<(object Key, object Value)>)SlowCbor.Read(body);
            Demand(pairs.Where(pair => (BigInteger)pair.Key < 0).Sum(pair => Items(pair.Value)) <= 16_384);
            var map = pairs.Where(pair => (BigInteger)pair.Key >= 0).ToDictionary(pair => (int)(BigInteger)pair.Key, pair => pair.Value);
            Demand(map.Keys.All(key => key is >= 1 and <= 7));
            var needed = BigInteger.Zero;
            var tensors = ((List<object>)map[6]).ConvertAll(entry => Tensor((List<object>)entry, segmentSize, ref needed));
            var files = ((List<object>)map[7]).ConvertAll(entry => File((List<object>)entry, segmentSize, ref needed));
            var names = tensors.ConvertAll(tensor => tensor.Name);
            Demand(names.Distinct().Count() == names.Count && !names.Contains("__safetensor__") && needed == tagCount && tensors.Count <= 262_144);
            Demand(files.Count <= 2 && files.DistinctBy(file => file.Kind).Count() == files.Count && files.DistinctBy(file => file.Name).Count() == files.Count);
            return string.Join('|',
            [
                Text(map[1]), Number(map[2], ulong.MaxValue), Number(map[3], 253_402_300_799), map.TryGetValue(4, out var notAfter) ? Number(notAfter, 253_402_300_799) : "",
                map.TryGetValue(5, out var producer) ? Text(producer) : "", .. tensors.Select(tensor => tensor.Text), .. files.Select(file => file.Text),
            ]);
        }
        catch (Exception e) when (e is InvalidDataException or InvalidCastException or KeyNotFoundException or DecoderFallbackException or OverflowException)
        {
            return null;
        }
    }

    private static (string Name, string Text) Tensor(List<object> entry, int segmentSize, ref BigInteger needed)
    {
        Demand(entry.Count == 7);
        var name = SlowParams.Name((byte[])entry[0]);
        var shape = ((List<object>)entry[3]).ConvertAll(side => (BigInteger)side);
        var bits = (BigInteger)entry[2];
        var length = (BigInteger)entry[4];
        BigInteger Product(IEnumerable<BigInteger> sides) => sides.Aggregate((bits + 7) / 8, (product, side) => product * side);
        Demand(shape.Count <= 32 && shape.TrueForAll(side => side >= 0 && side <= long.MaxValue) && Product(shape) == length && Product(shape.Where(side => side > 0)) <= long.MaxValue);
        return (name, $"{name} {Number(entry[1], 255)} {Number(bits, 255)} [{string.Join(',', shape)}] {Common(length, entry[5], entry[6], segmentSize, ref needed)}");
    }

    private static (string Name, BigInteger Kind, string Text) File(List<object> entry, int segmentSize, ref BigInteger needed)
    {
        Demand(entry.Count == 5);
        var (name, kind, length) = ((string)entry[0], (BigInteger)entry[1], (BigInteger)entry[2]);
        Demand(Regex.IsMatch(name, @"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z") && kind >= 1 && kind <= 2 && length >= 0 && length <= BigInteger.One << 32);
        return (name, kind, $"{name} {kind} {Common(length, entry[3], entry[4], segmentSize, ref needed)}");
    }

    private static string Common(BigInteger length, object flags, object root, int segmentSize, ref BigInteger needed)
    {
        var segments = BigInteger.Max(1, (length + segmentSize - 1) / segmentSize);
        Demand((BigInteger)flags >= 0 && (BigInteger)flags <= 1 && ((byte[])root).Length == 32 && segments <= 1 << 22);
        needed += (BigInteger)flags * segments;
        return $"{length} {flags} {Convert.ToHexString((byte[])root)}";
    }

    private static int Items(object value) => 1 + value switch
    {
        List<object> list => list.Sum(Items),
        List<(object Key, object Value)> pairs => pairs.Sum(pair => Items(pair.Key) + Items(pair.Value)),
        _ => 0,
    };

    private static string Text(object value)
    {
        Demand(Encoding.UTF8.GetByteCount((string)value) <= 256);
        return (string)value;
    }

    private static string Number(object value, ulong limit)
    {
        Demand((BigInteger)value >= 0 && (BigInteger)value <= limit);
        return $"{value}";
    }

    private static void Demand(bool condition)
    {
        if (!condition)
        {
            throw new InvalidDataException();
        }
    }
}
