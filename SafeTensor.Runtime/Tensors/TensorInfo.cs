using System.Collections.Immutable;

namespace SafeTensor.Runtime;

/// <summary>An input or an output of a model. Immutable.</summary>
public sealed class TensorInfo
{
    // What a .NET array of bytes can hold, with room to align in.
    private const long MaxByteLength = 0x7FFFFFC7 - 256;

    internal TensorInfo(string name, ElementType elementType, ImmutableArray<long> shape)
    {
        Name = name;
        ElementType = elementType;
        Shape = shape;
    }

    /// <summary>As the model's author named it. Outputs are output0, output1, …: TVM's graphs do not name them.</summary>
    public string Name { get; }

    /// <summary>Whether the model tells element type and number of dimensions. Where not, a run takes any tensor, and the model's own code finds out whether it fits.</summary>
    public bool IsKnown => ElementType != 0;

    /// <summary>Of each element; 0 where it is not <see cref="IsKnown">known</see>.</summary>
    public ElementType ElementType { get; }

    /// <summary>In elements, outermost first; empty for a scalar, and where it is not <see cref="IsKnown">known</see>; −1 where each run decides.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>Whether each run decides: a dimension is −1, or nothing is known.</summary>
    public bool IsDynamic => !IsKnown || Shape.Contains(-1);

    /// <summary>The elements in all; −1 where the shape is dynamic.</summary>
    public long ElementCount => IsDynamic ? -1 : Shape.Aggregate(1L, static (count, length) => checked(count * length));

    /// <summary>The same, once it is known that a buffer can hold it.</summary>
    /// <param name="file">That says it, for the message.</param>
    /// <param name="mayBeOpen">Whether a length can be −1, and is then counted as 1.</param>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.LimitExceeded"/>, or for a length below 0 and what no machine holds <see cref="SafeModelError.ModelInvalid"/>.</exception>
    internal TensorInfo Checked(string file, bool mayBeOpen)
    {
        var bits = (byte)(8 * ElementType.ByteLength());
        var bytes = new DataType(0, bits, 1).ByteLengthOf(mayBeOpen ? [.. Shape.Select(length => length == -1 ? 1 : length)] : Shape.AsSpan());
        return bytes is >= 0 and <= MaxByteLength ? this : throw new SafeModelException(
            bytes < 0 ? SafeModelError.ModelInvalid : SafeModelError.LimitExceeded, file,
            $"takes or gives '{SafeText.Escape(Name)}' as {Type}; an input or output has at most {MaxByteLength} bytes, and no side below 0.");
    }

    /// <summary>For messages: <c>float32[1,1,8,8]</c>.</summary>
    internal string Type => IsKnown ? $"{ElementType.Spell()}[{string.Join(',', Shape)}]" : "of unknown type";

    /// <summary>One of which the model tells the name alone.</summary>
    internal static TensorInfo Unknown(string name) => new(name, 0, []);

    /// <summary>The same with the type and shape that a run has.</summary>
    internal TensorInfo As(ElementType type, ImmutableArray<long> shape) => new(Name, type, shape);

    /// <summary>The same with the shape that a run has.</summary>
    internal TensorInfo WithShape(ImmutableArray<long> shape) => As(ElementType, shape);

    /// <summary>Whether <paramref name="shape"/> is one that this allows.</summary>
    internal bool Fits(ReadOnlySpan<long> shape)
    {
        if (!IsKnown)
        {
            return true;
        }

        if (shape.Length != Shape.Length)
        {
            return false;
        }

        for (var i = 0; i < shape.Length; i++)
        {
            if (shape[i] < 0 || (Shape[i] >= 0 && Shape[i] != shape[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether so many elements have a shape that this allows: its own, or one length left open.</summary>
    internal bool Takes(long elements)
    {
        if (!IsKnown)
        {
            return true;
        }

        long known = 1;
        var open = 0;
        foreach (var length in Shape)
        {
            known *= length < 0 ? 1 : length;
            open += length < 0 ? 1 : 0;
        }

        return open == 0 ? elements == known : open == 1 && known > 0 && elements % known == 0;
    }

    /// <summary>The shape of so many elements: this one's, and where it leaves one length open, with that. Where nothing is known, one dimension.</summary>
    internal ImmutableArray<long> Complete(long elements)
    {
        if (!IsKnown)
        {
            return [elements];
        }

        if (!IsDynamic || !Takes(elements))
        {
            return Shape;
        }

        var known = Shape.Where(length => length >= 0).Aggregate(1L, static (product, length) => product * length);
        return [.. Shape.Select(length => length < 0 ? elements / known : length)];
    }

    /// <summary>The same with 1 for each length that a run decides.</summary>
    internal TensorInfo Smallest() => IsDynamic ? WithShape([.. Shape.Select(Math.Abs)]) : this;

    /// <summary>As in <c>image: float32[1,1,8,8]</c>; control characters of the name are escaped.</summary>
    public override string ToString() => $"{SafeText.Escape(Name)}: {Type}";

    /// <summary>For messages.</summary>
    internal static string List(IReadOnlyList<TensorInfo> infos) => SafeText.List(infos, info => info.ToString());

    /// <summary>In bytes; for a shape that is not dynamic.</summary>
    internal int ByteLength => checked((int)ElementCount * ElementType.ByteLength());
}
