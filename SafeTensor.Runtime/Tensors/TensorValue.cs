using System.Collections.Immutable;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SafeTensor.Runtime;

/// <summary>An array, with its element type and shape: what goes into a model and what comes out.</summary>
/// <remarks>
/// Holds the array, not a copy of it: an input must not be changed while its run is under way. What a run returns is never changed by a
/// later one. <see langword="default"/> is no value: runs refuse it.
/// </remarks>
public readonly struct TensorValue
{
    private readonly Array? _data;
    private readonly int _offset;
    private readonly int _length;
    private readonly ImmutableArray<long> _shape;

    private TensorValue(Array? data, int byteOffset, int byteLength, ElementType type, ImmutableArray<long> shape)
    {
        _data = data;
        _offset = byteOffset;
        _length = byteLength;
        _shape = shape;
        ElementType = type;
    }

    /// <summary>Of each element; 0 for a value that holds none, such as <see langword="default"/>.</summary>
    public ElementType ElementType { get; }

    /// <summary>In elements, outermost first; empty for a scalar, and for a flat array, which takes the model's shape.</summary>
    public ImmutableArray<long> Shape => _shape.IsDefault ? [] : _shape;

    /// <summary>The elements' bytes, little-endian, row-major; the memory is the value's own.</summary>
    public ReadOnlySpan<byte> Bytes => _data is null || ElementType == 0
        ? []
        : MemoryMarshal.CreateReadOnlySpan(ref Unsafe.AddByteOffset(ref MemoryMarshal.GetArrayDataReference(_data), _offset), _length);

    /// <summary>Whether it is a flat array without a shape of its own.</summary>
    internal bool IsFlat => _shape.IsDefault;

    /// <summary>For messages: <c>double[64]</c>, <c>float32[1,64]</c>, or what it is instead.</summary>
    internal string Description => _data is null ? "nothing"
        : ElementType == 0 ? _data.GetType().Name
        : $"{ElementType.Spell()}[{(IsFlat ? $"{_length / ElementType.ByteLength()}" : string.Join(',', _shape))}]";

    /// <summary>Any array of numbers, of any rank. A flat one takes the model's shape. Never throws: the run does, with the input's name.</summary>
    /// <param name="data">Not copied.</param>
    public static implicit operator TensorValue(Array data)
    {
        var type = data is null ? 0 : ElementTypes.OfClr(data.GetType().GetElementType());
        if (type == 0)
        {
            return new TensorValue(data, 0, 0, 0, default);
        }

        var bytes = data!.LongLength * type.ByteLength();
        if (bytes > int.MaxValue)
        {
            return new TensorValue(data, 0, 0, 0, default);
        }

        return new TensorValue(data, 0, (int)bytes, type, data.Rank == 1 ? default : [.. Enumerable.Range(0, data.Rank).Select(data.GetLongLength)]);
    }

    /// <summary>A flat array as a tensor of a shape.</summary>
    /// <typeparam name="T">Decides the element type.</typeparam>
    /// <param name="data">Row-major; not copied.</param>
    /// <param name="shape">In elements, outermost first; empty for a scalar.</param>
    /// <exception cref="ArgumentException">The shape spans another number of elements, or there is no element type for <typeparamref name="T"/>.</exception>
    public static TensorValue Create<T>(T[] data, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(data);
        return Create(data, 0, data.Length * Unsafe.SizeOf<T>(), TypeOf<T>(), shape);
    }

    /// <summary>Memory as a tensor of a shape.</summary>
    /// <typeparam name="T">Decides the element type.</typeparam>
    /// <param name="data">Row-major; copied only where it is not part of an array.</param>
    /// <param name="shape">In elements, outermost first; empty for a scalar.</param>
    /// <inheritdoc cref="Create{T}(T[], ReadOnlySpan{long})" path="/exception"/>
    public static TensorValue Create<T>(ReadOnlyMemory<T> data, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        var segment = MemoryMarshal.TryGetArray(data, out var found) ? found : new ArraySegment<T>(data.ToArray());
        return Create(segment.Array!, segment.Offset * Unsafe.SizeOf<T>(), segment.Count * Unsafe.SizeOf<T>(), TypeOf<T>(), shape);
    }

    /// <summary>A tensor of <c>System.Numerics.Tensors</c>.</summary>
    /// <typeparam name="T">Decides the element type.</typeparam>
    /// <param name="tensor">Copied.</param>
    public static TensorValue Create<T>(Tensor<T> tensor)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var data = new T[checked((int)tensor.FlattenedLength)];
        tensor.FlattenTo(data);
        return new TensorValue(data, 0, data.Length * Unsafe.SizeOf<T>(), TypeOf<T>(), [.. ShapeOf(tensor)]);
    }

    /// <summary>Bytes off a wire.</summary>
    /// <param name="type">Of the elements.</param>
    /// <param name="bytes">Little-endian, row-major, as many as the shape spans; copied only where they are not part of an array.</param>
    /// <param name="shape">In elements, outermost first; empty for a scalar.</param>
    /// <inheritdoc cref="Create{T}(T[], ReadOnlySpan{long})" path="/exception"/>
    public static TensorValue Create(ElementType type, ReadOnlyMemory<byte> bytes, params ReadOnlySpan<long> shape)
    {
        RequireDefined(type);
        var segment = MemoryMarshal.TryGetArray(bytes, out var found) ? found : new ArraySegment<byte>(bytes.ToArray());
        return Create(segment.Array!, segment.Offset, segment.Count, type, shape);
    }

    /// <summary>Single-precision numbers as a tensor of another floating type, rounded to nearest, ties to even.</summary>
    /// <param name="values">Row-major; copied.</param>
    /// <param name="type">A floating type.</param>
    /// <param name="shape">In elements, outermost first; empty for a scalar.</param>
    /// <exception cref="ArgumentException">The shape spans another number of elements, or <paramref name="type"/> is no floating type.</exception>
    public static TensorValue FromSingles(ReadOnlySpan<float> values, ElementType type, params ReadOnlySpan<long> shape)
    {
        var data = FloatConversion.FromSingles(values, type);
        return Create(data, 0, checked(data.Length * type.ByteLength()), type, shape);
    }

    /// <summary>The elements, in row-major order; no copy.</summary>
    /// <typeparam name="T">The .NET type of <see cref="ElementType"/>.</typeparam>
    /// <exception cref="InvalidOperationException"><typeparamref name="T"/> is another type.</exception>
    public ReadOnlySpan<T> AsSpan<T>()
        where T : unmanaged
    {
        Require<T>();
        return MemoryMarshal.Cast<byte, T>(Bytes);
    }

    /// <summary>The elements with their shape; no copy. A scalar has the shape [1].</summary>
    /// <inheritdoc cref="AsSpan{T}" path="/*[not(self::summary)]"/>
    public ReadOnlyTensorSpan<T> AsTensorSpan<T>()
        where T : unmanaged => new(AsSpan<T>(), Lengths());

    /// <summary>A copy of the elements, in row-major order.</summary>
    /// <inheritdoc cref="AsSpan{T}" path="/*[not(self::summary)]"/>
    public T[] ToArray<T>()
        where T : unmanaged => AsSpan<T>().ToArray();

    /// <summary>A copy as a tensor of <c>System.Numerics.Tensors</c>. A scalar has the shape [1].</summary>
    /// <inheritdoc cref="AsSpan{T}" path="/*[not(self::summary)]"/>
    public Tensor<T> ToTensor<T>()
        where T : unmanaged => Tensor.Create(ToArray<T>(), Lengths());

    /// <summary>A copy of any floating type in single precision; exact but for <see cref="ElementType.Float64"/>.</summary>
    /// <exception cref="InvalidOperationException">The elements are no floating type.</exception>
    public float[] ToSingles() => FloatConversion.ToSingles(ElementType, Bytes);

    /// <summary>Of an output: an array of the model's own type and shape.</summary>
    internal static TensorValue Output(Array data, TensorInfo info) => new(data, 0, info.ByteLength, info.ElementType, info.Shape);

    private static TensorValue Create(Array data, int byteOffset, int byteLength, ElementType type, ReadOnlySpan<long> shape)
    {
        var count = byteLength / type.ByteLength();
        var spanned = new DataType(0, 8, 1).ByteLengthOf(shape);
        if (spanned != count || byteLength % type.ByteLength() != 0)
        {
            throw new ArgumentException(
                $"The shape [{string.Join(',', shape.ToArray())}] spans {(spanned < 0 ? "no possible number of" : spanned)} elements; the data has {count} of {type.Spell()}.",
                nameof(shape));
        }

        return new TensorValue(data, byteOffset, byteLength, type, [.. shape]);
    }

    private static ElementType TypeOf<T>()
        where T : unmanaged
    {
        var type = ElementTypes.OfClr(typeof(T));
        return type != 0 ? type : throw new ArgumentException($"There is no element type for {typeof(T).Name}.");
    }

    private static void RequireDefined(ElementType type)
    {
        if (!Enum.IsDefined(type))
        {
            throw new ArgumentOutOfRangeException(nameof(type), type, "There is no such element type.");
        }
    }

    private static long[] ShapeOf<T>(Tensor<T> tensor)
    {
        var lengths = new long[tensor.Rank];
        for (var i = 0; i < lengths.Length; i++)
        {
            lengths[i] = tensor.Lengths[i];
        }

        return lengths;
    }

    private nint[] Lengths()
    {
        if (IsFlat || _shape.Length == 0)
        {
            return [_length / Math.Max(1, ElementType.ByteLength())];
        }

        var lengths = new nint[_shape.Length];
        for (var i = 0; i < lengths.Length; i++)
        {
            lengths[i] = (nint)_shape[i];
        }

        return lengths;
    }

    private void Require<T>()
        where T : unmanaged
    {
        if (!ElementType.IsHeldBy<T>())
        {
            throw new InvalidOperationException($"The elements are {(ElementType == 0 ? "none" : ElementType.Spell())}; {typeof(T).Name} was asked for.");
        }
    }
}
