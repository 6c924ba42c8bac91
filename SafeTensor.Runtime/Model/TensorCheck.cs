namespace SafeTensor.Runtime;

/// <summary>Compares what a run is given with what the model takes, before anything runs.</summary>
internal static class TensorCheck
{
    /// <exception cref="ArgumentException">They differ; the message has both.</exception>
    internal static void Input(TensorInfo info, in TensorValue value)
    {
        var sameType = value.ElementType == info.ElementType || ElementTypes.AreBits(value.ElementType, info.ElementType);
        var sameShape = value.IsFlat
            ? value.Bytes.Length == info.ByteLength
            : value.Shape.AsSpan().SequenceEqual(info.Shape.AsSpan());
        if (value.ElementType == 0 || !sameType || !sameShape)
        {
            throw new ArgumentException($"Input '{SafeText.Escape(info.Name)}' is {info.ElementType.Spell()}[{string.Join(',', info.Shape)}]; {value.Description} was given.{Hint(value)}");
        }
    }

    /// <exception cref="ArgumentException">The span has another type or length.</exception>
    internal static void Span<T>(TensorInfo info, int length, string parameter)
        where T : unmanaged
    {
        if (!info.ElementType.IsHeldBy<T>() || length != info.ElementCount)
        {
            throw new ArgumentException($"'{SafeText.Escape(info.Name)}' is {info.ElementType.Spell()}[{string.Join(',', info.Shape)}]; {length} elements of {typeof(T).Name} were given.", parameter);
        }
    }

    // new[] { ("a", pixels) } is an array of tuples of the pixels' own type, which only the overload for one input takes.
    private static string Hint(in TensorValue value) => value.Description.StartsWith("ValueTuple", StringComparison.Ordinal)
        ? " Pass named inputs as arguments: model.Run((\"a\", a), (\"b\", b))."
        : "";
}
