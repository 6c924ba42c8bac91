using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SafeTensor.Runtime;

public sealed partial class SafeModel
{
    /// <summary>Runs the model once. Inputs are copied in, outputs are arrays of their own. Blocks, first come first served, while as many runs as allowed are under way.</summary>
    /// <param name="inputs">Each input once, by name: <c>model.Run(("a", a), ("b", b))</c>.</param>
    /// <returns>The outputs.</returns>
    /// <exception cref="ArgumentException">An input is missing, unknown, given twice, or of another type or shape; the message has both sides.</exception>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.RuntimeFailed"/>: a kernel failed. Of a suspended model: whatever <see cref="ResumeAsync"/> throws.</exception>
    /// <exception cref="InvalidOperationException">The model is suspended, and its key unlocks only asynchronously: await <see cref="ResumeAsync"/>.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public ModelOutputs Run(params ReadOnlySpan<(string Name, TensorValue Value)> inputs)
    {
        Span<int> order = stackalloc int[Math.Min(Inputs.Count, 64)];
        order = Inputs.Count <= order.Length ? order : new int[Inputs.Count];
        order.Fill(-1);
        for (var i = 0; i < inputs.Length; i++)
        {
            Claim(order, inputs[i].Name, i);
        }

        RequireAll(order);
        for (var i = 0; i < order.Length; i++)
        {
            TensorCheck.Input(Inputs[i], inputs[order[i]].Value);
        }

        using var run = Begin();
        for (var i = 0; i < order.Length; i++)
        {
            Give(run.Session, i, inputs[order[i]].Value);
        }

        return Finish(run.Session);
    }

    /// <summary>As <see cref="Run(ReadOnlySpan{ValueTuple{string, TensorValue}})"/>, for names that are known only at run time.</summary>
    /// <param name="inputs">Each input once.</param>
    /// <returns>The outputs.</returns>
    /// <inheritdoc cref="Run(ReadOnlySpan{ValueTuple{string, TensorValue}})" path="/exception"/>
    public ModelOutputs Run(IReadOnlyDictionary<string, TensorValue> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var pairs = new (string, TensorValue)[inputs.Count];
        var count = 0;
        foreach (var (name, value) in inputs)
        {
            pairs[count++] = (name, value);
        }

        return Run(pairs.AsSpan(0, count));
    }

    /// <summary>As <see cref="Run(ReadOnlySpan{ValueTuple{string, TensorValue}})"/>, for a model with one input.</summary>
    /// <param name="input">Of the input's type and shape; a flat array takes the shape.</param>
    /// <returns>The outputs.</returns>
    /// <inheritdoc cref="Run(ReadOnlySpan{ValueTuple{string, TensorValue}})" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public ModelOutputs Run(TensorValue input)
    {
        RequireOneInput();
        TensorCheck.Input(Inputs[0], input);
        using var run = Begin();
        Give(run.Session, 0, input);
        return Finish(run.Session);
    }

    /// <summary>Runs a model of one input and one output on the caller's memory. Any thread; allocates nothing.</summary>
    /// <typeparam name="TIn">The .NET type of the input's element type.</typeparam>
    /// <typeparam name="TOut">The .NET type of the output's element type.</typeparam>
    /// <param name="input">The input's exact number of elements, row-major.</param>
    /// <param name="output">The output's exact number of elements; overwritten.</param>
    /// <exception cref="ArgumentException">The model has more inputs or outputs, or a span has another type or length.</exception>
    /// <inheritdoc cref="Run(ReadOnlySpan{ValueTuple{string, TensorValue}})" path="/exception[not(starts-with(@cref, 'T:System.ArgumentException'))]"/>
    public void Run<TIn, TOut>(ReadOnlySpan<TIn> input, Span<TOut> output)
        where TIn : unmanaged
        where TOut : unmanaged
    {
        RequireOneInput();
        var info = Inputs[0];
        TensorCheck.Span<TIn>(info, input.Length, nameof(input));
        var known = _program.Outputs;
        if (known is not null)
        {
            RequireOneOutput(known);
            TensorCheck.Output<TOut>(known[0], output.Length, nameof(output));
        }

        using var run = Begin();
        var session = run.Session;
        if (!info.IsKnown)
        {
            session.Reshape(0, ElementTypes.OfClr(typeof(TIn)), [input.Length]);
        }
        else if (info.IsDynamic && session.InputBytes().Length != MemoryMarshal.AsBytes(input).Length)
        {
            session.Reshape(0, info.ElementType, info.Complete(input.Length).AsSpan());
        }

        MemoryMarshal.AsBytes(input).CopyTo(session.InputBytes());
        session.Run();
        // A run that gives its outputs can give others than the last one did.
        RequireOneOutput(session.OutputInfos);
        TensorCheck.Span<TOut>(session.OutputInfos[0], output.Length, nameof(output));
        session.OutputBytes().CopyTo(MemoryMarshal.AsBytes(output));
    }

    /// <summary>Runs k inputs that stand end to end into k outputs end to end, over several executors. Allocates nothing for each run.</summary>
    /// <typeparam name="TIn">The .NET type of the input's element type.</typeparam>
    /// <typeparam name="TOut">The .NET type of the output's element type.</typeparam>
    /// <param name="inputs">k times the input's number of elements.</param>
    /// <param name="outputs">k times the output's number of elements; overwritten.</param>
    /// <param name="cancellationToken">Looked at between runs; outputs of runs that were not made stay as they were.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <inheritdoc cref="Run{TIn, TOut}" path="/exception"/>
    public unsafe void RunBatch<TIn, TOut>(ReadOnlySpan<TIn> inputs, Span<TOut> outputs, CancellationToken cancellationToken = default)
        where TIn : unmanaged
        where TOut : unmanaged
    {
        RequireOneInput();
        RequireOneOutput(Outputs);
        if (Inputs[0].IsDynamic || Outputs[0].IsDynamic)
        {
            throw new ArgumentException($"A batch needs lengths that no run decides, and the model takes {Inputs[0]} and gives {Outputs[0]}. Give the batch to Run, as a dimension.", nameof(inputs));
        }

        var inputLength = (int)Math.Max(1, Inputs[0].ElementCount);
        var count = inputs.Length / inputLength;
        if (count * (long)inputLength != inputs.Length || count * Outputs[0].ElementCount != outputs.Length)
        {
            throw new ArgumentException(
                $"{inputs.Length} elements are not a whole number of inputs of {Inputs[0].ElementCount}, or {outputs.Length} not as many outputs of {Outputs[0].ElementCount}.",
                nameof(inputs));
        }

        if (count == 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return;
        }

        TensorCheck.Span<TIn>(Inputs[0], inputLength, nameof(inputs));
        TensorCheck.Span<TOut>(Outputs[0], outputs.Length / count, nameof(outputs));
        var from = MemoryMarshal.AsBytes(inputs);
        var to = MemoryMarshal.AsBytes(outputs);
        fixed (byte* source = from)
        fixed (byte* destination = to)
        {
            var batch = new Batch(this, (nint)source, (nint)destination, count, cancellationToken);
            var workers = Math.Min(_pool.Limit, count);
            if (workers == 1)
            {
                batch.Work();
            }
            else
            {
                Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, _ => batch.Work());
            }

            batch.ThrowIfFailed();
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private int Claim(Span<int> order, string name, int position)
    {
        var index = Find(Inputs, name, "input");
        if (order[index] >= 0)
        {
            throw new ArgumentException($"Input '{SafeText.Escape(name)}' was given twice.");
        }

        order[index] = position;
        return index;
    }

    private void RequireAll(ReadOnlySpan<int> order)
    {
        var missing = order.IndexOf(-1);
        if (missing >= 0)
        {
            var hint = Inputs[missing].IsKnown ? "" : " If it is a parameter, mod.params does not have it.";
            throw new ArgumentException($"Input {Inputs[missing]} was not given; the model takes {TensorInfo.List(Inputs)}.{hint}");
        }
    }

    private void RequireOneInput()
    {
        if (Inputs.Count != 1)
        {
            throw new ArgumentException($"The model takes {Inputs.Count} inputs, so name them: {TensorInfo.List(Inputs)}.");
        }
    }

    private static void RequireOneOutput(IReadOnlyList<TensorInfo> outputs)
    {
        if (outputs.Count != 1)
        {
            throw new ArgumentException($"The model gives {outputs.Count} outputs, so use another overload: {TensorInfo.List(outputs)}.");
        }
    }

    private Rented Begin()
    {
        _gate.Enter();
        try
        {
            return new Rented(this, _pool.Rent());
        }
        catch
        {
            _gate.Exit();
            throw;
        }
    }

    private void Give(ModelSession session, int index, in TensorValue value)
    {
        var info = Inputs[index];
        if (info.IsDynamic)
        {
            session.Reshape(index, info.IsKnown ? info.ElementType : value.ElementType, TensorCheck.Input(info, value).AsSpan());
        }

        value.Bytes.CopyTo(session.InputBytes(index));
    }

    private void RunOnce(ModelSession session, ReadOnlySpan<byte> input, Span<byte> output)
    {
        input.CopyTo(session.InputBytes());
        session.Run();
        var (given, expected) = (session.OutputInfos, Outputs);
        if (given.Length != 1 || given[0].ElementType != expected[0].ElementType || session.OutputBytes().Length != output.Length)
        {
            throw new ArgumentException($"A run of the batch gave {TensorInfo.List(given)}; there is room for {expected[0]}. Run its inputs one by one.");
        }

        session.OutputBytes().CopyTo(output);
    }

    private ModelOutputs Finish(ModelSession session)
    {
        session.Run();
        var outputs = session.OutputInfos;
        var values = new TensorValue[outputs.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = TensorValue.Output(OutputArray.From(outputs[i].ElementType, session.OutputBytes(i)), outputs[i]);
        }

        // Not the session's own list, which its next run changes.
        return new ModelOutputs(values, _program.Outputs is { } known && known.Count == outputs.Length ? known : [.. outputs], Package);
    }

    /// <summary>A pooled session for one run; the gate is held meanwhile, so that the model's end waits for it.</summary>
    private readonly ref struct Rented(SafeModel model, ModelSession session)
    {
        internal ModelSession Session => session;

        public void Dispose()
        {
            model._pool.Return(session);
            model._gate.Exit();
        }
    }
}
