namespace SafeTensor.Runtime;

/// <summary>A model's loaded code. Everything that is particular to one kind of TVM model is behind this and <see cref="Executor"/>.</summary>
internal abstract class ModelProgram : IDisposable
{
    /// <summary>What a run must be given, without the parameters.</summary>
    internal abstract IReadOnlyList<TensorInfo> Inputs { get; }

    /// <summary>What a run gives; <see langword="null"/> where only a run tells, and none has yet (<see cref="Learn"/>).</summary>
    internal abstract IReadOnlyList<TensorInfo>? Outputs { get; }

    /// <summary>What lowers the protection of the weights, in words for <see cref="ProtectionReport.Reasons"/>.</summary>
    internal abstract IReadOnlyList<string> Remarks { get; }

    /// <summary>What a run gave, where <see cref="Outputs"/> are known only from one.</summary>
    internal virtual void Learn(IReadOnlyList<TensorInfo> given)
    {
        // They are known.
    }

    /// <summary>A new executor over the shared weights. Any thread.</summary>
    internal abstract Executor CreateExecutor();

    public abstract void Dispose();
}
