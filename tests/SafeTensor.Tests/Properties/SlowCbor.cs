using System.Numerics;
using System.Text;

namespace SafeTensor.Tests;

/// <summary>CBOR in CTAP2's canonical form, read to a tree: numbers, bytes, texts, lists and lists of pairs.</summary>
internal sealed class SlowCbor(byte[] bytes)
{
    private const int MaxDepth = 4;

    private int _at;

    /// <exception cref="InvalidDataException">It is not of that form.</exception>
    /// <exception cref="NotSupportedException">It has floats, or true, false and null, about which this model says nothing.</exception>
    internal static object Read(byte[] bytes)
    {
        var reader = new SlowCbor(bytes);
        var value = reader.Value(depth: 0);
        return reader._at == bytes.Length ? value : throw new InvalidDataException();
    }

    private object Value(int depth)
    {
        var first = Take(1)[0];
        var argument = Argument(first & 31);
        switch (first >> 5)
        {
            case 0: return argument;
            case 1: return -1 - argument;
            case 2: return Take(argument);
            case 3: return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Take(argument));
            case 4: return Many(argument, depth, () => Value(depth + 1));
            case 5: return Pairs(argument, depth);
            case 6: throw new InvalidDataException();
            default: throw new NotSupportedException();
        }
    }

    // The shortest form of a number is the only one.
    private BigInteger Argument(int kind)
    {
        if (kind < 24)
        {
            return kind;
        }

        var length = kind <= 27 ? 1 << (kind - 24) : throw new InvalidDataException();
        var value = new BigInteger(Take(length), isUnsigned: true, isBigEndian: true);
        return value >= (length == 1 ? 24 : BigInteger.One << (4 * length)) ? value : throw new InvalidDataException();
    }

    private List<T> Many<T>(BigInteger count, int depth, Func<T> read)
    {
        if (depth == MaxDepth || count > bytes.Length)
        {
            throw new InvalidDataException();
        }

        var list = new List<T>();
        for (var i = 0; i < count; i++)
        {
            list.Add(read());
        }

        return list;
    }

    // Keys ascend: by their kind, then by their length, then by their bytes.
    private List<(object Key, object Value)> Pairs(BigInteger count, int depth)
    {
        var last = "";
        return Many(count, depth, () =>
        {
            var start = _at;
            var key = Value(depth + 1);
            var text = $"{bytes[start] >> 5} {_at - start:d9} {Convert.ToHexString(bytes.AsSpan(start.._at))}";
            var ascends = string.CompareOrdinal(text, last) > 0;
            last = text;
            return ascends ? (key, Value(depth + 1)) : throw new InvalidDataException();
        });
    }

    private byte[] Take(BigInteger count)
    {
        if (count > bytes.Length - _at)
        {
            throw new InvalidDataException();
        }

        _at += (int)count;
        return bytes[(_at - (int)count).._at];
    }
}
