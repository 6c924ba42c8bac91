using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Inputs;

/// <summary><c>.json</c>: numbers, nested as the tensor is, or all in one array.</summary>
internal static class JsonFile
{
    private delegate T ReadNumber<T>(ref Utf8JsonReader reader);

    /// <exception cref="UsageException">It is no such file, ragged, or has a number that the model's element type has not.</exception>
    internal static TensorValue Read(string path, TensorInfo input)
    {
        var json = File.ReadAllBytes(path);
        try
        {
            return input.ElementType switch
            {
                ElementType.Float64 => Read(json, input, Real),
                ElementType.Float32 => Read(json, input, Single),
                ElementType.Float16 => Read(json, input, HalfFloat),
                ElementType.Int8 => Read(json, input, Integer<sbyte>),
                ElementType.Int16 => Read(json, input, Integer<short>),
                ElementType.Int32 => Read(json, input, Integer<int>),
                ElementType.Int64 => Read(json, input, Integer<long>),
                ElementType.UInt8 => Read(json, input, Integer<byte>),
                ElementType.UInt16 => Read(json, input, Integer<ushort>),
                ElementType.UInt32 => Read(json, input, Integer<uint>),
                ElementType.UInt64 => Read(json, input, Integer<ulong>),
                ElementType.Bool => Read(json, input, Truth),
                _ => ReadNarrow(json, input),
            };
        }
        catch (OverflowException)
        {
            throw new UsageException($"'{path}' has a number that does not fit into {input.ElementType.Spell()}, the element type of input '{input.Name}'.");
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw new UsageException($"'{path}' cannot be read as numbers for input '{input}': {e.Message}");
        }
    }

    private static TensorValue Read<T>(byte[] json, TensorInfo input, ReadNumber<T> readNumber)
        where T : unmanaged
    {
        var (values, shape) = ReadAll(json, input, readNumber);
        return TensorValue.Create(values, shape);
    }

    private static TensorValue ReadNarrow(byte[] json, TensorInfo input)
    {
        var (values, shape) = ReadAll<float>(json, input, Single);
        return TensorValue.FromSingles(values, input.ElementType, shape);
    }

    private static (T[] Values, long[] Shape) ReadAll<T>(byte[] json, TensorInfo input, ReadNumber<T> readNumber)
    {
        var text = json.AsSpan();
        var reader = new Utf8JsonReader(text.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text, new JsonReaderOptions { MaxDepth = NestedShape.MaxRank });
        var (values, shape) = (new List<T>(), new NestedShape());
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray:
                    shape.Open();
                    break;
                case JsonTokenType.EndArray:
                    shape.Close();
                    break;
                default:
                    shape.AddNumber();
                    values.Add(readNumber(ref reader));
                    break;
            }
        }

        if (!shape.IsFlat)
        {
            return ([.. values], shape.ToArray());
        }

        var taken = input.WithShape(input.Complete(values.Count));
        return values.Count == taken.ElementCount
            ? ([.. values], [.. taken.Shape])
            : throw new FormatException($"it has {values.Count} numbers; the input is {input}");
    }

    // The names are those that `run --json` writes.
    private static double Real(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Number => reader.GetDouble(),
        JsonTokenType.String when reader.GetString() is "NaN" or "Infinity" or "-Infinity" => double.Parse(reader.GetString()!, CultureInfo.InvariantCulture),
        _ => throw new FormatException($"{reader.TokenType} at byte {reader.TokenStartIndex} where a number should be"),
    };

    private static float Single(ref Utf8JsonReader reader)
    {
        var number = Real(ref reader);
        return double.IsFinite(number) && !float.IsFinite((float)number) ? throw new OverflowException() : (float)number;
    }

    private static Half HalfFloat(ref Utf8JsonReader reader)
    {
        var number = Real(ref reader);
        return double.IsFinite(number) && !Half.IsFinite((Half)number) ? throw new OverflowException() : (Half)number;
    }

    private static T Integer<T>(ref Utf8JsonReader reader)
        where T : INumber<T> =>
        reader.TokenType != JsonTokenType.Number ? throw new FormatException($"{reader.TokenType} at byte {reader.TokenStartIndex} where a number should be")
        : reader.TryGetInt64(out var signed) ? T.CreateChecked(signed)
        : reader.TryGetUInt64(out var unsigned) ? T.CreateChecked(unsigned)
        : throw new FormatException($"the number at byte {reader.TokenStartIndex} is no integer of 64 bits");

    private static bool Truth(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => Integer<byte>(ref reader) switch
        {
            0 => false,
            1 => true,
            _ => throw new OverflowException(),
        },
    };
}
