namespace SafeTensor.Runtime;

public sealed partial class SafeModel
{
    /// <summary>Waits for an executor without holding a thread, then computes on a pool thread, never on the caller's. For a model with one input.</summary>
    /// <param name="input">Must not be changed until the task has ended.</param>
    /// <param name="cancellationToken">Ends the wait, not the computation.</param>
    /// <returns>The outputs.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled while it waited.</exception>
    /// <inheritdoc cref="Run(ReadOnlySpan{ValueTuple{string, TensorValue}})" path="/exception"/>
    public Task<ModelOutputs> RunAsync(TensorValue input, CancellationToken cancellationToken = default)
    {
        RequireOneInput();
        TensorCheck.Input(Inputs[0], input);
        return RunAsync([input], cancellationToken);
    }

    /// <summary>Waits for an executor without holding a thread, then computes on a pool thread, never on the caller's.</summary>
    /// <param name="inputs">Each input once. The values must not be changed until the task has ended.</param>
    /// <param name="cancellationToken">Ends the wait, not the computation.</param>
    /// <returns>The outputs.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled while it waited.</exception>
    /// <inheritdoc cref="Run(ReadOnlySpan{ValueTuple{string, TensorValue}})" path="/exception"/>
    public Task<ModelOutputs> RunAsync(IReadOnlyDictionary<string, TensorValue> inputs, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var order = new int[Inputs.Count];
        Array.Fill(order, -1);
        var values = new TensorValue[Inputs.Count];
        foreach (var (name, value) in inputs)
        {
            values[Claim(order, name, 0)] = value;
        }

        RequireAll(order);
        for (var i = 0; i < values.Length; i++)
        {
            TensorCheck.Input(Inputs[i], values[i]);
        }

        return RunAsync(values, cancellationToken);
    }

    private async Task<ModelOutputs> RunAsync(TensorValue[] values, CancellationToken cancellationToken)
    {
        while (!_gate.TryEnter())
        {
            await ResumeAsync(progress: null, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            var session = await _pool.RentAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await Task.Run(
                    () =>
                    {
                        for (var i = 0; i < values.Length; i++)
                        {
                            Give(session, i, values[i]);
                        }

                        return Finish(session);
                    },
                    CancellationToken.None).ConfigureAwait(false);
            }
            finally
            {
                _pool.Return(session);
            }
        }
        finally
        {
            _gate.Exit();
        }
    }
}
