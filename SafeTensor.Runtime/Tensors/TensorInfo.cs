using System.Collections.Immutable;

namespace SafeTensor.Runtime;

/// <summary>An input or an output of a model. Immutable.</summary>
public sealed class TensorInfo
{
    internal TensorInfo(string name, ElementType elementType, ImmutableArray<long> shape)
    {
        Name = name;
        ElementType = elementType;
        Shape = shape;
    }

    /// <summary>As the model's author named it. Outputs are output0, output1, …: TVM's graphs do not name them.</summary>
    public string Name { get; }

    /// <summary>Of each element.</summary>
    public ElementType ElementType { get; }

    /// <summary>In elements, outermost first; empty for a scalar; −1 where each run decides.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>Whether a dimension is −1.</summary>
    public bool IsDynamic => Shape.Contains(-1);

    /// <summary>The elements in all; −1 where the shape is dynamic.</summary>
    public long ElementCount => IsDynamic ? -1 : Shape.Aggregate(1L, static (count, length) => checked(count * length));

    /// <summary>The same with the shape that a run has.</summary>
    internal TensorInfo WithShape(ImmutableArray<long> shape) => new(Name, ElementType, shape);

    /// <summary>Whether <paramref name="shape"/> is one that this allows.</summary>
    internal bool Fits(ReadOnlySpan<long> shape)
    {
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
        long known = 1;
        var open = 0;
        foreach (var length in Shape)
        {
            known *= length < 0 ? 1 : length;
            open += length < 0 ? 1 : 0;
        }

        return open == 0 ? elements == known : open == 1 && known > 0 && elements % known == 0;
    }

    /// <summary>The shape of so many elements: this one's, and where it leaves one length open, with that.</summary>
    internal ImmutableArray<long> Complete(long elements)
    {
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
    public override string ToString() => $"{SafeText.Escape(Name)}: {ElementType.Spell()}[{string.Join(',', Shape)}]";

    /// <summary>For messages.</summary>
    internal static string List(IReadOnlyList<TensorInfo> infos) => SafeText.List(infos, info => info.ToString());

    /// <summary>In bytes; for a shape that is not dynamic.</summary>
    internal int ByteLength => checked((int)ElementCount * ElementType.ByteLength());
}
