using System.Diagnostics.CodeAnalysis;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace SafeTensor.Runtime;

/// <summary>One executor with buffers of its own: for a loop that copies and allocates nothing.</summary>
/// <remarks>
/// One call at a time, from any thread. A span over its buffers is valid memory for as long as it is held: it shows the results of the
/// next run, or zeros after <see cref="Dispose"/>, and never freed memory or another session's data.
/// </remarks>
public sealed partial class ModelSession : IDisposable
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
            // What is not known is bound by each run.
            if (_inputInfos[i].IsKnown)
            {
                executor.BindInput(i, _inputs[i].Address, _inputInfos[i]);
            }
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

        Reshape(index, Model.Inputs[index].ElementType, shape);
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

            if (_gate is { IsSuspended: true } or { IsClosed: true })
            {
                Model.ReleaseScratch();
            }
        }
    }

    /// <summary>The executor's own run without this class around it, for benchmarks to compare with.</summary>
    internal void RunExecutorAlone() => _executor.Run();

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
