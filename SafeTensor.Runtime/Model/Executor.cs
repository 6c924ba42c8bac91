namespace SafeTensor.Runtime;

/// <summary>One run at a time of a model. Not thread-safe.</summary>
internal abstract unsafe class Executor : IDisposable
{
    /// <summary>Whether outputs are the executor's own, and known only after each run: then nothing is bound to them, and they are fetched.</summary>
    internal virtual bool GivesOutputs => false;

    /// <summary>After a run, where <see cref="GivesOutputs"/>.</summary>
    internal virtual int OutputCount => throw new NotSupportedException();

    /// <summary>From the next run on, input <paramref name="index"/> is read from <paramref name="address"/>, which the caller keeps alive.</summary>
    /// <param name="index">Among the inputs.</param>
    /// <param name="address">Aligned to <see cref="ModelSession.Alignment"/>.</param>
    /// <param name="info">The input with the type and shape of the next run; counts where the model leaves them open.</param>
    internal abstract void BindInput(int index, void* address, TensorInfo info);

    /// <summary>After each run, output <paramref name="index"/> is at <paramref name="address"/>, which the caller keeps alive.</summary>
    internal abstract void BindOutput(int index, void* address);

    internal abstract void Run();

    /// <summary>After a run, where <see cref="GivesOutputs"/>: the output's elements, valid until the next call.</summary>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.ModelInvalid"/>: it is no tensor, or its elements are of a type that .NET has none for.</exception>
    internal virtual void* Output(int index, out ElementType type, out ReadOnlySpan<long> shape) => throw new NotSupportedException();

    /// <summary>What the last run gave, where <see cref="GivesOutputs"/>.</summary>
    /// <exception cref="SafeModelException">As of <see cref="Output"/>.</exception>
    internal List<TensorInfo> DescribeOutputs()
    {
        var outputs = new List<TensorInfo>();
        for (var i = 0; i < OutputCount; i++)
        {
            Output(i, out var type, out var shape);
            outputs.Add(new TensorInfo($"output{i}", type, [.. shape]).Checked(ModelPackage.CodeName, mayBeOpen: false));
        }

        return outputs;
    }

    public abstract void Dispose();
}
