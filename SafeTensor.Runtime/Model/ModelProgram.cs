namespace SafeTensor.Runtime;

/// <summary>A model's loaded code. Everything that is particular to one kind of TVM model is behind this and <see cref="Executor"/>.</summary>
internal abstract class ModelProgram : IDisposable
{
    /// <summary>What a run must be given, without the parameters.</summary>
    internal abstract IReadOnlyList<TensorInfo> Inputs { get; }

    internal abstract IReadOnlyList<TensorInfo> Outputs { get; }

    /// <summary>What lowers the protection of the weights, in words for <see cref="ProtectionReport.Reasons"/>.</summary>
    internal abstract IReadOnlyList<string> Remarks { get; }

    /// <summary>A new executor over the shared weights. Any thread.</summary>
    internal abstract Executor CreateExecutor();

    public abstract void Dispose();
}
