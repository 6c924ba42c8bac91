using System.Collections.Immutable;

namespace SafeTensor.Runtime;

/// <summary>Compares what a run is given with what the model takes, before anything runs.</summary>
internal static class TensorCheck
{
    /// <returns>The shape that the value has for the model: its own, or for a flat array the model's, with the one length that the model leaves open.</returns>
    /// <exception cref="ArgumentException">They differ; the message has both.</exception>
    internal static ImmutableArray<long> Input(TensorInfo info, in TensorValue value)
    {
        var sameType = value.ElementType == info.ElementType || ElementTypes.AreBits(value.ElementType, info.ElementType);
        var shape = !value.IsFlat ? value.Shape : info.IsDynamic && sameType ? info.Complete(value.Bytes.Length / info.ElementType.ByteLength()) : info.Shape;
        var sameShape = value.IsFlat
            ? info.IsDynamic ? !shape.Contains(-1) : value.Bytes.Length == info.ByteLength
            : info.Fits(shape.AsSpan());
        if (value.ElementType == 0 || !sameType || !sameShape)
        {
            throw new ArgumentException($"Input '{SafeText.Escape(info.Name)}' is {info.ElementType.Spell()}[{string.Join(',', info.Shape)}]; {value.Description} was given.{Hint(value)}");
        }

        return shape;
    }

    /// <returns>As of <see cref="Input"/>, for a flat array; of an output whose shape the run decides, the model's.</returns>
    /// <exception cref="ArgumentException">The span has another type or length.</exception>
    internal static ImmutableArray<long> Span<T>(TensorInfo info, int length, string parameter, bool isOutput = false)
        where T : unmanaged
    {
        var shape = info.IsDynamic && !isOutput ? info.Complete(length) : info.Shape;
        if (!info.ElementType.IsHeldBy<T>() || (info.IsDynamic ? !isOutput && shape.Contains(-1) : length != info.ElementCount))
        {
            throw new ArgumentException($"'{SafeText.Escape(info.Name)}' is {info.ElementType.Spell()}[{string.Join(',', info.Shape)}]; {length} elements of {typeof(T).Name} were given.", parameter);
        }

        return shape;
    }

    // new[] { ("a", pixels) } is an array of tuples of the pixels' own type, which only the overload for one input takes.
    private static string Hint(in TensorValue value) => value.Description.StartsWith("ValueTuple", StringComparison.Ordinal)
        ? " Pass named inputs as arguments: model.Run((\"a\", a), (\"b\", b))."
        : "";
}
