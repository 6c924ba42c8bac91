using System.Globalization;

namespace SafeTensor.Runtime;

/// <summary>An element type as TVM writes it: DLPack's code, the bits of one lane, and the lanes.</summary>
internal readonly record struct DataType(byte Code, byte Bits, ushort Lanes)
{
    /// <summary>Bytes of one element in a parameters file, which rounds up to whole bytes.</summary>
    internal int ByteLength => (Bits + 7) / 8;

    /// <summary>The product of the shape and the element's bytes, or −1 where a length is negative or the product is 2⁶³ or more.</summary>
    internal long ByteLengthOf(ReadOnlySpan<long> shape)
    {
        var product = (UInt128)ByteLength;
        var empty = false;
        foreach (var length in shape)
        {
            if (length < 0)
            {
                return -1;
            }

            // A zero elsewhere must not hide lengths whose product no reader could hold.
            empty |= length == 0;
            product *= (ulong)Math.Max(length, 1);
            if (product > long.MaxValue)
            {
                return -1;
            }
        }

        return empty ? 0 : (long)product;
    }

    /// <summary>Reads TVM's spelling: <c>float32</c>, <c>bool</c>, <c>int8x4</c>. Bits are 32 where none are given.</summary>
    internal static bool TryParse(string? text, out DataType type)
    {
        type = new DataType(1, 1, 1);
        if (text == "bool")
        {
            return true;
        }

        var name = text.AsSpan().TrimEnd("0123456789x");
        var numbers = text.AsSpan(name.Length);
        byte code = name switch { "int" => 0, "uint" => 1, "float" => 2, "handle" => 3, "bfloat" => 4, "e4m3_float" => 6, "e5m2_float" => 7, _ => byte.MaxValue };
        var split = numbers.IndexOf('x');
        byte bits = 32;
        ushort lanes = 1;
        var valid = code != byte.MaxValue
            && (numbers.IsEmpty || split == 0 || byte.TryParse(split < 0 ? numbers : numbers[..split], NumberStyles.None, CultureInfo.InvariantCulture, out bits))
            && (split < 0 || ushort.TryParse(numbers[(split + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out lanes));
        type = new DataType(code, bits, lanes);
        return valid;
    }

    public override string ToString()
    {
        var name = Code switch { 0 => "int", 1 => Bits == 1 ? "bool" : "uint", 2 => "float", 4 => "bfloat", _ => $"type{Code}:" };
        return (name == "bool" ? name : $"{name}{Bits}") + (Lanes == 1 ? "" : $"x{Lanes}");
    }
}
