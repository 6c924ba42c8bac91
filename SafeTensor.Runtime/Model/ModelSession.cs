using System.Diagnostics.CodeAnalysis;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SafeTensor.Runtime;

/// <summary>One executor with buffers of its own: for a loop that copies and allocates nothing.</summary>
/// <remarks>
/// One call at a time, from any thread. A span over its buffers is valid memory for as long as it is held: it shows the results of the
/// next run, or zeros after <see cref="Dispose"/>, and never freed memory or another session's data.
/// </remarks>
public sealed class ModelSession : IDisposable
{
    /// <summary>What bound memory must be aligned to, in bytes.</summary>
    public const int Alignment = 128;

    private const int Idle = 0, Busy = 1, Disposed = 2;

    private readonly RunGate? _gate;
    private readonly Executor _executor;
    private readonly TensorInfo[] _inputInfos;
    private readonly SessionBuffer[] _inputs;

    // Unknown before the first run where the executor gives them.
    private TensorInfo[]? _outputInfos;
    private SessionBuffer[] _outputs = [];
    private int _state;

    /// <param name="model">What it runs.</param>
    /// <param name="executor">Owned by the session when this succeeds.</param>
    /// <param name="gate">The model's; <see langword="null"/> for its own pooled sessions, which run inside of it.</param>
    internal unsafe ModelSession(SafeModel model, Executor executor, RunGate? gate)
    {
        Model = model;
        _executor = executor;
        _gate = gate;

        // Lengths that each run decides are 1 at first.
        _inputInfos = [.. model.Inputs.Select(input => input.Smallest())];
        _inputs = [.. _inputInfos.Select(input => new SessionBuffer.Owned(input.ByteLength))];
        for (var i = 0; i < _inputs.Length; i++)
        {
            executor.BindInput(i, _inputs[i].Address, _inputInfos[i].Shape.AsSpan());
        }

        if (!executor.GivesOutputs)
        {
            UseOutputs(model.Outputs);
            for (var i = 0; i < _outputs.Length; i++)
            {
                executor.BindOutput(i, _outputs[i].Address);
            }
        }
    }

    /// <summary>What it runs.</summary>
    public SafeModel Model { get; }

    /// <summary>The memory that the next run reads an input from, row-major. Not during <see cref="Run"/>.</summary>
    /// <typeparam name="T">The .NET type of the input's element type.</typeparam>
    /// <param name="index">Among the model's inputs.</param>
    /// <exception cref="ArgumentException">There is no such input, or <typeparamref name="T"/> is not its type.</exception>
    /// <exception cref="ObjectDisposedException">The session or its model is disposed.</exception>
    public Span<T> Input<T>(int index = 0)
        where T : unmanaged => Elements<T>(index, input: true);

    /// <param name="name">Of an input.</param>
    /// <inheritdoc cref="Input{T}(int)"/>
    public Span<T> Input<T>(string name)
        where T : unmanaged => Elements<T>(SafeModel.Find(Model.Inputs, name, "input"), input: true);

    /// <summary>The memory that each run writes an output to, row-major. Read-only, since an output can be a weight or an input. Not during <see cref="Run"/>.</summary>
    /// <typeparam name="T">The .NET type of the output's element type.</typeparam>
    /// <param name="index">Among the model's outputs.</param>
    /// <exception cref="ArgumentException">There is no such output, or <typeparamref name="T"/> is not its type.</exception>
    /// <exception cref="ObjectDisposedException">The session or its model is disposed.</exception>
    public ReadOnlySpan<T> Output<T>(int index = 0)
        where T : unmanaged => Elements<T>(index, input: false);

    /// <param name="name">Of an output.</param>
    /// <inheritdoc cref="Output{T}(int)"/>
    public ReadOnlySpan<T> Output<T>(string name)
        where T : unmanaged => Elements<T>(SafeModel.Find(OutputInfos, name, "output"), input: false);

    /// <summary>As <see cref="Input{T}(int)"/>, with its shape; a scalar is [1]. Allocates nothing up to rank 5.</summary>
    /// <inheritdoc cref="Input{T}(int)" path="/*[not(self::summary)]"/>
    public TensorSpan<T> InputTensor<T>(int index = 0)
        where T : unmanaged
    {
        var elements = Input<T>(index);
        Span<nint> lengths = stackalloc nint[Math.Max(1, _inputInfos[index].Shape.Length)];
        return new TensorSpan<T>(elements, Lengths(_inputInfos[index], lengths));
    }

    /// <summary>As <see cref="Output{T}(int)"/>, with its shape; a scalar is [1]. Allocates nothing up to rank 5.</summary>
    /// <inheritdoc cref="Output{T}(int)" path="/*[not(self::summary)]"/>
    public ReadOnlyTensorSpan<T> OutputTensor<T>(int index = 0)
        where T : unmanaged
    {
        var elements = Output<T>(index);
        Span<nint> lengths = stackalloc nint[Math.Max(1, OutputInfos[index].Shape.Length)];
        return new ReadOnlyTensorSpan<T>(elements, Lengths(OutputInfos[index], lengths));
    }

    /// <summary>As <see cref="Input{T}(int)"/>, of any element type, little-endian.</summary>
    /// <param name="index">Among the model's inputs.</param>
    public Span<byte> InputBytes(int index = 0) => Buffer(index, input: true).Bytes;

    /// <summary>As <see cref="Output{T}(int)"/>, of any element type, little-endian.</summary>
    /// <param name="index">Among the model's outputs.</param>
    public ReadOnlySpan<byte> OutputBytes(int index = 0) => Buffer(index, input: false).Bytes;

    /// <summary>Computes the outputs from the inputs. Allocates nothing; no token, since a run cannot be stopped half-way.</summary>
    /// <exception cref="InvalidOperationException">A call on this session is under way on another thread.</exception>
    /// <exception cref="ObjectDisposedException">The session or its model is disposed.</exception>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.RuntimeFailed"/>: a kernel failed; the message is its own.</exception>
    public void Run()
    {
        Begin();
        try
        {
            _executor.Run();
            if (_executor.GivesOutputs)
            {
                TakeOutputs();
            }
        }
        finally
        {
            End();
        }
    }

    /// <summary>Gives an input of a model with symbolic dimensions another shape: where it differs, its buffer is a new one, zeroed, and spans of the old one show zeros.</summary>
    /// <param name="index">Among the model's inputs.</param>
    /// <param name="shape">In elements; each as the model's, or any where that is −1.</param>
    /// <exception cref="ArgumentException">The model does not take this shape.</exception>
    /// <exception cref="OverflowException">It has more bytes than an array.</exception>
    [Experimental("STENSOR002")]
    public void ResizeInput(int index, params ReadOnlySpan<long> shape)
    {
        Buffer(index, input: true);
        if (!Model.Inputs[index].Fits(shape))
        {
            throw new ArgumentException($"Input {Model.Inputs[index]} cannot have the shape [{string.Join(',', shape.ToArray())}].", nameof(shape));
        }

        Reshape(index, shape);
    }

    /// <summary>Reads an input from the caller's memory from now on, without a copy. Pinned until rebound or disposed; not to be touched during <see cref="Run"/>.</summary>
    /// <typeparam name="T">The .NET type of the input's element type.</typeparam>
    /// <param name="index">Among the model's inputs.</param>
    /// <param name="memory">Of the input's exact length, aligned to <see cref="Alignment"/> bytes.</param>
    /// <exception cref="ArgumentException">Another type or length, or misaligned.</exception>
    public void BindInput<T>(int index, Memory<T> memory)
        where T : unmanaged => Bind(index, memory, input: true);

    /// <summary>Writes an output to the caller's memory from now on. An output that is an input, a weight or another output is copied there after the run.</summary>
    /// <typeparam name="T">The .NET type of the output's element type.</typeparam>
    /// <param name="index">Among the model's outputs.</param>
    /// <param name="memory">Of the output's exact length, aligned to <see cref="Alignment"/> bytes.</param>
    /// <exception cref="ArgumentException">Another type or length, or misaligned.</exception>
    public void BindOutput<T>(int index, Memory<T> memory)
        where T : unmanaged => Bind(index, memory, input: false);

    /// <summary>As <see cref="BindInput{T}(int, Memory{T})"/>, for memory that the caller keeps alive until it is rebound or the session disposed.</summary>
    /// <param name="index">Among the model's inputs.</param>
    /// <param name="address">Aligned to <see cref="Alignment"/> bytes.</param>
    /// <param name="byteLength">The input's exact length.</param>
    /// <exception cref="ArgumentException">Another length, or misaligned.</exception>
    public unsafe void BindInput(int index, void* address, nuint byteLength) => Bind(index, address, byteLength, input: true);

    /// <summary>As <see cref="BindOutput{T}(int, Memory{T})"/>, for memory that the caller keeps alive until it is rebound or the session disposed.</summary>
    /// <param name="index">Among the model's outputs.</param>
    /// <param name="address">Aligned to <see cref="Alignment"/> bytes.</param>
    /// <param name="byteLength">The output's exact length.</param>
    /// <exception cref="ArgumentException">Another length, or misaligned.</exception>
    public unsafe void BindOutput(int index, void* address, nuint byteLength) => Bind(index, address, byteLength, input: false);

    /// <summary>Zeroes the session's own buffers and frees its executor.</summary>
    /// <exception cref="InvalidOperationException">A run is under way on another thread.</exception>
    public void Dispose()
    {
        var state = Interlocked.CompareExchange(ref _state, Disposed, Idle);
        if (state == Busy)
        {
            throw InUse();
        }

        if (state == Idle)
        {
            _executor.Dispose();
            foreach (var buffer in _inputs.Concat(_outputs))
            {
                buffer.Dispose();
            }
        }
    }

    /// <summary>The executor's own run without this class around it, for benchmarks to compare with.</summary>
    internal void RunExecutorAlone() => _executor.Run();

    /// <summary>Of this session: with the shapes of its last run.</summary>
    /// <exception cref="InvalidOperationException">Each run decides their shapes, and there was none.</exception>
    internal TensorInfo[] OutputInfos
    {
        get
        {
            ObjectDisposedException.ThrowIf(_state == Disposed || _gate is { IsClosed: true }, this);
            if (_outputInfos is null)
            {
                if (Model.Outputs.Any(output => output.IsDynamic))
                {
                    throw new InvalidOperationException($"Each run decides the shapes of the outputs ({TensorInfo.List(Model.Outputs)}): run the session first.");
                }

                UseOutputs(Model.Outputs);
            }

            return _outputInfos!;
        }
    }

    /// <summary>For a shape that the model takes.</summary>
    internal unsafe void Reshape(int index, ReadOnlySpan<long> shape)
    {
        if (!_inputInfos[index].Shape.AsSpan().SequenceEqual(shape))
        {
            var info = Model.Inputs[index].WithShape([.. shape]);
            Replace(index, new SessionBuffer.Owned(info.ByteLength), info, input: true);
        }
    }

    private void UseOutputs(IReadOnlyList<TensorInfo> infos)
    {
        _outputs = [.. infos.Select(output => new SessionBuffer.Owned(output.ByteLength))];
        _outputInfos = [.. infos];
    }

    private unsafe void TakeOutputs()
    {
        if (_outputInfos is null || _outputInfos.Length != _executor.OutputCount)
        {
            var given = _executor.DescribeOutputs();
            Model.Learn(given);
            UseOutputs(given);
        }

        for (var i = 0; i < _outputs.Length; i++)
        {
            var data = _executor.Output(i, out _, out var shape);
            if (!_outputInfos![i].Shape.AsSpan().SequenceEqual(shape))
            {
                FollowOutput(i, shape);
            }

            var bytes = _outputs[i].Bytes;
            new ReadOnlySpan<byte>(data, bytes.Length).CopyTo(bytes);
        }
    }

    private void FollowOutput(int index, ReadOnlySpan<long> shape)
    {
        var (before, info) = (_outputInfos![index], _outputInfos[index].WithShape([.. shape]));
        var old = _outputs[index];
        _outputs[index] = new SessionBuffer.Owned(info.ByteLength);
        _outputInfos[index] = info;

        // Spans of it show zeros.
        old.Dispose();
        if (old is not SessionBuffer.Owned)
        {
            throw new InvalidOperationException($"The run gave {info}, and the memory that was bound is for {before}. It is bound no more: bind memory of this length, or read the session's own.");
        }
    }

    private Span<T> Elements<T>(int index, bool input)
        where T : unmanaged
    {
        var buffer = Buffer(index, input);
        var info = (input ? _inputInfos : OutputInfos)[index];
        return info.ElementType.IsHeldBy<T>()
            ? MemoryMarshal.Cast<byte, T>(buffer.Bytes)
            : throw new ArgumentException($"'{SafeText.Escape(info.Name)}' is {info.ElementType.Spell()}; {typeof(T).Name} was asked for.");
    }

    private SessionBuffer Buffer(int index, bool input)
    {
        ObjectDisposedException.ThrowIf(_state == Disposed || _gate is { IsClosed: true }, this);
        var count = (input ? _inputInfos : OutputInfos).Length;
        return (uint)index < (uint)count
            ? (input ? _inputs : _outputs)[index]
            : throw new ArgumentOutOfRangeException(nameof(index), index, $"The model has {count} {(input ? "input" : "output")}s.");
    }

    private unsafe void Bind<T>(int index, Memory<T> memory, bool input)
        where T : unmanaged
    {
        Buffer(index, input);
        var info = (input ? _inputInfos : OutputInfos)[index];
        if (!info.ElementType.IsHeldBy<T>() || memory.Length != info.ElementCount)
        {
            throw new ArgumentException($"{info} cannot be bound to {memory.Length} elements of {typeof(T).Name}.", nameof(memory));
        }

        Replace(index, new SessionBuffer.Bound<T>(memory), info, input);
    }

    private unsafe void Bind(int index, void* address, nuint byteLength, bool input)
    {
        Buffer(index, input);
        var info = (input ? _inputInfos : OutputInfos)[index];
        if (address == null || byteLength != (nuint)info.ByteLength)
        {
            throw new ArgumentException($"{info} has {info.ByteLength} bytes; {byteLength} at {(nint)address:x} were given.", nameof(byteLength));
        }

        Replace(index, new SessionBuffer.Promised(address, info.ByteLength), info, input);
    }

    private unsafe void Replace(int index, SessionBuffer buffer, TensorInfo info, bool input)
    {
        if (!SessionBuffer.IsAligned(buffer.Address))
        {
            var address = (nint)buffer.Address;
            buffer.Dispose();
            throw new ArgumentException($"The memory for {info} begins at {address:x}, which is not a multiple of {Alignment} bytes.");
        }

        try
        {
            Begin();
            try
            {
                var buffers = input ? _inputs : _outputs;
                if (input)
                {
                    _executor.BindInput(index, buffer.Address, info.Shape.AsSpan());
                    _inputInfos[index] = info;
                }
                else if (!_executor.GivesOutputs)
                {
                    _executor.BindOutput(index, buffer.Address);
                }

                (buffer, buffers[index]) = (buffers[index], buffer);
            }
            finally
            {
                End();
            }
        }
        finally
        {
            // The old one, or the new one where it could not take its place.
            buffer.Dispose();
        }
    }

    private static Span<nint> Lengths(TensorInfo info, Span<nint> lengths)
    {
        lengths[0] = 1;
        for (var i = 0; i < info.Shape.Length; i++)
        {
            lengths[i] = (nint)info.Shape[i];
        }

        return lengths;
    }

    // The gate first: once it is closed and empty, no session is busy, and the model can dispose them all.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Begin()
    {
        _gate?.Enter();
        var state = Interlocked.CompareExchange(ref _state, Busy, Idle);
        if (state != Idle)
        {
            _gate?.Exit();
            ObjectDisposedException.ThrowIf(state == Disposed, this);
            throw InUse();
        }
    }

    private void End()
    {
        Volatile.Write(ref _state, Idle);
        _gate?.Exit();
    }

    private static InvalidOperationException InUse() =>
        new("A call on this session is under way on another thread. A session is for one thread at a time: make one for each, or use SafeModel.Run.");
}
