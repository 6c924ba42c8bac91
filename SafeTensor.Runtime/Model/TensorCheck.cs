using System.Collections.Immutable;

namespace SafeTensor.Runtime;

/// <summary>Compares what a run is given with what the model takes, before anything runs.</summary>
internal static class TensorCheck
{
    /// <returns>The shape that the value has for the model: its own, or for a flat array the model's, with the one length that the model leaves open.</returns>
    /// <exception cref="ArgumentException">They differ; the message has both.</exception>
    internal static ImmutableArray<long> Input(TensorInfo info, in TensorValue value)
    {
        var sameType = !info.IsKnown || value.ElementType == info.ElementType || ElementTypes.AreBits(value.ElementType, info.ElementType);
        var shape = !value.IsFlat ? value.Shape : info.IsDynamic && sameType ? info.Complete(value.Bytes.Length / value.ElementType.ByteLength()) : info.Shape;
        var sameShape = value.IsFlat
            ? info.IsDynamic ? !shape.Contains(-1) : value.Bytes.Length == info.ByteLength
            : info.Fits(shape.AsSpan());
        if (value.ElementType == 0 || !sameType || !sameShape)
        {
            throw new ArgumentException($"Input '{SafeText.Escape(info.Name)}' is {info.Type}; {value.Description} was given.{Hint(value)}");
        }

        return shape;
    }

    /// <exception cref="ArgumentException">The span has another type, or a length that the model does not take.</exception>
    internal static void Span<T>(TensorInfo info, int length, string parameter)
        where T : unmanaged
    {
        if (info.IsKnown ? !info.ElementType.IsHeldBy<T>() || !info.Takes(length) : ElementTypes.OfClr(typeof(T)) == 0)
        {
            throw Differs<T>(info, length, parameter);
        }
    }

    /// <exception cref="ArgumentException">The span has another type, or another length where no run decides it.</exception>
    internal static void Output<T>(TensorInfo info, int length, string parameter)
        where T : unmanaged
    {
        if (info.IsKnown && (!info.ElementType.IsHeldBy<T>() || (length != info.ElementCount && !info.IsDynamic)))
        {
            throw Differs<T>(info, length, parameter);
        }
    }

    private static ArgumentException Differs<T>(TensorInfo info, int length, string parameter) => new(
        $"'{SafeText.Escape(info.Name)}' is {info.Type}; {length} elements of {typeof(T).Name} were given.", parameter);

    // new[] { ("a", pixels) } is an array of tuples of the pixels' own type, which only the overload for one input takes.
    private static string Hint(in TensorValue value) => value.Description.StartsWith("ValueTuple", StringComparison.Ordinal)
        ? " Pass named inputs as arguments: model.Run((\"a\", a), (\"b\", b))."
        : "";
}
