namespace SafeTensor.Runtime;

/// <summary>A model's files, opened and checked: sealed ones or plain ones. What it reads goes into protected memory and nowhere else.</summary>
internal abstract class ModelPackage : IDisposable
{
    internal const string ParamsName = "mod.params", CodeName = "mod.so", GraphName = "mod.json";

    /// <summary>What the package says of itself, authenticated; <see langword="null"/> for a plain model.</summary>
    internal abstract PackageInfo? Info { get; }

    /// <summary>In file order; what <see cref="ReadParameter"/> counts by.</summary>
    internal abstract IReadOnlyList<ParameterInfo> Parameters { get; }

    /// <summary>Of the code, for messages.</summary>
    internal virtual string CodeFile => CodeName;

    /// <summary>Of the graph, for messages.</summary>
    internal virtual string GraphFile => GraphName;

    /// <summary>Reads and checks the code, the graph, and where <paramref name="weights"/> says so the parameters, in one pass with all cores. The caller's.</summary>
    /// <param name="weights">Where the parameters are to be; <see langword="null"/> not to read them.</param>
    /// <param name="progress">Told of every byte.</param>
    /// <param name="cancellationToken">Stops within one segment.</param>
    /// <exception cref="FileNotFoundException">The model has no code.</exception>
    /// <exception cref="InsufficientMemoryException">The machine has no room for the parameters; nothing was read.</exception>
    /// <exception cref="SafeModelException">A part was not as sealed. Everything written has been wiped.</exception>
    internal abstract LoadedFiles Load(MemoryKind? weights, IProgress<ModelProgress>? progress, CancellationToken cancellationToken);

    /// <summary>Reads one parameter, of whatever length, to <paramref name="destination"/>.</summary>
    /// <exception cref="SafeModelException">It was not as sealed. What was written has been wiped.</exception>
    internal abstract unsafe void ReadParameter(int index, byte* destination);

    /// <summary>Once all of it was accepted: makes sure that no older package of this model is accepted any more, where that was asked for.</summary>
    /// <exception cref="SafeModelException">Meanwhile a newer one was accepted.</exception>
    internal abstract void RememberVersion(CancellationToken cancellationToken);

    public abstract void Dispose();
}
