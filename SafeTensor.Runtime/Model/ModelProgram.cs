namespace SafeTensor.Runtime;

/// <summary>A model's loaded code. Everything that is particular to one kind of TVM model is behind this and <see cref="Executor"/>.</summary>
internal abstract unsafe class ModelProgram : IDisposable
{
    private readonly List<string> _remarks = [], _weightsGiven = [];

    /// <param name="files">Their weights outlive the program.</param>
    /// <param name="package">Of the parameters; not kept.</param>
    protected ModelProgram(LoadedFiles files, ModelPackage package) => (Weights, Offsets, Parameters) = (files.Weights, files.Offsets, package.Parameters);

    /// <summary>What a run must be given, without the parameters.</summary>
    internal abstract IReadOnlyList<TensorInfo> Inputs { get; }

    /// <summary>What a run gives; <see langword="null"/> where only a run tells, and none has yet (<see cref="Learn"/>).</summary>
    internal abstract IReadOnlyList<TensorInfo>? Outputs { get; }

    /// <summary>What lowers the protection of the weights while no run gives them out, in words for <see cref="ProtectionReport.Reasons"/>.</summary>
    internal IReadOnlyList<string> Remarks => Copy(_remarks);

    /// <summary>Which outputs were weights so far, in such words.</summary>
    internal IReadOnlyList<string> WeightsGiven => Copy(_weightsGiven);

    /// <summary>All parameters; <see langword="null"/> where there are none, or the runtime has them.</summary>
    protected ProtectedMemory? Weights { get; }

    /// <summary>Of each parameter in <see cref="Weights"/>.</summary>
    protected long[] Offsets { get; }

    protected IReadOnlyList<ParameterInfo> Parameters { get; }

    /// <summary>What a run gave, where <see cref="Outputs"/> are known only from one.</summary>
    internal virtual void Learn(IReadOnlyList<TensorInfo> given)
    {
        // They are known.
    }

    /// <summary>A new executor over the shared weights. Any thread.</summary>
    internal abstract Executor CreateExecutor();

    /// <summary>Gives back what the runtime keeps for executors to come. Any thread.</summary>
    internal virtual void ReleaseScratch()
    {
        // It keeps nothing.
    }

    internal bool IsWeight(void* data) => Weights is { } weights && data >= weights.Address && data < weights.Address + weights.Length;

    /// <summary>Remarks that an output is a weight, which so comes to be in ordinary memory.</summary>
    /// <returns>Whether that is news.</returns>
    internal bool NoteWeight(int output, void* data)
    {
        var offset = (byte*)data - Weights!.Address;
        var parameter = Array.FindLastIndex(Offsets, start => start <= offset);
        return Note(_weightsGiven, $"output{output} is the weight '{SafeText.Escape(Parameters[parameter].Name)}', which the model so gives out");
    }

    public abstract void Dispose();

    protected void Note(string remark) => Note(_remarks, remark);

    private static bool Note(List<string> remarks, string remark)
    {
        lock (remarks)
        {
            var isNew = !remarks.Contains(remark);
            if (isNew)
            {
                remarks.Add(remark);
            }

            return isNew;
        }
    }

    private static string[] Copy(List<string> remarks)
    {
        lock (remarks)
        {
            return [.. remarks];
        }
    }
}
