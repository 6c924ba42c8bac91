using SafeTensor.Runtime;
using StbImageSharp;

namespace SafeTensor.Cli.Inputs;

/// <summary><c>.png</c>: a picture for an input of shape [C,H,W] or [H,W,C], after a leading 1 or not, or [H,W].</summary>
internal static class PngFile
{
    private const double FullGrey = 255;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n'];

    /// <exception cref="UsageException">It is no picture, or not of the input's size and channels.</exception>
    internal static TensorValue Read(string path, TensorInfo input, double? scale)
    {
        var bytes = File.ReadAllBytes(path);
        if (!bytes.AsSpan().StartsWith(Signature))
        {
            throw new UsageException($"'{path}' is no PNG file.");
        }

        // The size is compared before anything of that size is allocated.
        var info = Decode(path, () => ImageInfo.FromStream(new MemoryStream(bytes, writable: false))
            ?? throw new InvalidDataException("it has no pixels, or promises too many"));
        var channels = (int)info.ColorComponents;
        var channelsFirst = Shape(input, [channels, info.Height, info.Width]);
        if (!channelsFirst && !Shape(input, [info.Height, info.Width, channels]) && !(channels == 1 && Shape(input, [info.Height, info.Width])))
        {
            throw new UsageException($"'{path}' has {info.Width} × {info.Height} pixels and {channels} channel(s); input '{input.Name}' is {input}.");
        }

        var image = Decode(path, () => ImageResult.FromMemory(bytes, info.ColorComponents));
        var pixels = channelsFirst ? ChannelsFirst(image.Data, channels) : image.Data;
        return ToElements(path, input, pixels, scale);
    }

    // One channel in front or at the end makes no difference to the order of the bytes.
    private static bool Shape(TensorInfo input, ReadOnlySpan<long> shape)
    {
        var own = input.Shape.AsSpan();
        return own.SequenceEqual(shape) || (own.Length == shape.Length + 1 && own[0] == 1 && own[1..].SequenceEqual(shape));
    }

    private static byte[] ChannelsFirst(byte[] data, int channels)
    {
        var pixels = data.Length / channels;
        var planes = new byte[data.Length];
        for (var i = 0; i < data.Length; i++)
        {
            planes[(i % channels * pixels) + (i / channels)] = data[i];
        }

        return planes;
    }

    private static TensorValue ToElements(string path, TensorInfo input, byte[] pixels, double? scale)
    {
        var type = input.ElementType;
        var shape = input.Shape.AsSpan();
        if (type is ElementType.Float64 or ElementType.Float32 or ElementType.Float16 or ElementType.BFloat16 or ElementType.Float8E4M3 or ElementType.Float8E5M2)
        {
            var factor = scale ?? 1 / FullGrey;
            return TensorValue.FromSingles(Array.ConvertAll(pixels, pixel => (float)(pixel * factor)), type, shape);
        }

        var levels = Array.ConvertAll(pixels, pixel => Math.Round(pixel * (scale ?? 1)));
        try
        {
            return type switch
            {
                ElementType.Int8 => TensorValue.Create(Array.ConvertAll(levels, level => checked((sbyte)level)), shape),
                ElementType.Int16 => TensorValue.Create(Array.ConvertAll(levels, level => checked((short)level)), shape),
                ElementType.Int32 => TensorValue.Create(Array.ConvertAll(levels, level => checked((int)level)), shape),
                ElementType.Int64 => TensorValue.Create(Array.ConvertAll(levels, level => checked((long)level)), shape),
                ElementType.UInt8 => TensorValue.Create(Array.ConvertAll(levels, level => checked((byte)level)), shape),
                ElementType.UInt16 => TensorValue.Create(Array.ConvertAll(levels, level => checked((ushort)level)), shape),
                ElementType.UInt32 => TensorValue.Create(Array.ConvertAll(levels, level => checked((uint)level)), shape),
                ElementType.UInt64 => TensorValue.Create(Array.ConvertAll(levels, level => checked((ulong)level)), shape),
                _ => throw new UsageException($"'{path}' is a picture; input '{input.Name}' is {input}."),
            };
        }
        catch (OverflowException)
        {
            throw new UsageException($"'{path}' has grey levels that {type.Spell()} has not: give a --scale that makes 0 … 255 fit.");
        }
    }

    // The decoder throws whatever its arithmetic meets in a damaged file.
    private static T Decode<T>(string path, Func<T> decode)
    {
        try
        {
            return decode();
        }
        catch (Exception e)
        {
            throw new UsageException($"'{path}' cannot be read as a PNG: {e.Message}");
        }
    }
}
