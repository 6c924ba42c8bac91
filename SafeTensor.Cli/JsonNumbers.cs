using System.Globalization;
using System.Text.Json;
using SafeTensor.Runtime;

namespace SafeTensor.Cli;

/// <summary>A tensor's elements as one flat JSON array. NaN and infinities, which JSON lacks, are strings.</summary>
internal static class JsonNumbers
{
    private delegate void WriteElement<T>(Utf8JsonWriter json, T element);

    internal static void Write(Utf8JsonWriter json, string name, TensorValue value)
    {
        json.WriteStartArray(name);
        switch (value.ElementType)
        {
            case ElementType.Float64: Write<double>(json, value, WriteDouble); break;
            case ElementType.Int8: Write<sbyte>(json, value, (j, e) => j.WriteNumberValue(e)); break;
            case ElementType.Int16: Write<short>(json, value, (j, e) => j.WriteNumberValue(e)); break;
            case ElementType.Int32: Write<int>(json, value, (j, e) => j.WriteNumberValue(e)); break;
            case ElementType.Int64: Write<long>(json, value, (j, e) => j.WriteNumberValue(e)); break;
            case ElementType.UInt8: Write<byte>(json, value, (j, e) => j.WriteNumberValue(e)); break;
            case ElementType.UInt16: Write<ushort>(json, value, (j, e) => j.WriteNumberValue(e)); break;
            case ElementType.UInt32: Write<uint>(json, value, (j, e) => j.WriteNumberValue(e)); break;
            case ElementType.UInt64: Write<ulong>(json, value, (j, e) => j.WriteNumberValue(e)); break;
            case ElementType.Bool: Write<bool>(json, value, (j, e) => j.WriteBooleanValue(e)); break;
            default: WriteSingles(json, value.ToSingles()); break;
        }

        json.WriteEndArray();
    }

    private static void Write<T>(Utf8JsonWriter json, TensorValue value, WriteElement<T> write)
        where T : unmanaged
    {
        foreach (var element in value.AsSpan<T>())
        {
            write(json, element);
        }
    }

    private static void WriteSingles(Utf8JsonWriter json, float[] elements)
    {
        foreach (var element in elements)
        {
            if (float.IsFinite(element))
            {
                json.WriteNumberValue(element);
            }
            else
            {
                json.WriteStringValue(element.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    private static void WriteDouble(Utf8JsonWriter json, double element)
    {
        if (double.IsFinite(element))
        {
            json.WriteNumberValue(element);
        }
        else
        {
            json.WriteStringValue(element.ToString(CultureInfo.InvariantCulture));
        }
    }
}
