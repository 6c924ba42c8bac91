namespace SafeTensor.Runtime;

/// <summary>A model's files, opened and checked: sealed ones or plain ones. What it reads goes into protected memory and nowhere else.</summary>
internal abstract class ModelPackage : IDisposable
{
    internal const string ParamsName = "mod.params", CodeName = "mod.so", GraphName = "mod.json";

    /// <summary>What the package says of itself, authenticated; <see langword="null"/> for a plain model.</summary>
    internal abstract PackageInfo? Info { get; }

    /// <summary>In file order; what <see cref="ReadParameters"/> counts by.</summary>
    internal abstract IReadOnlyList<ParameterInfo> Parameters { get; }

    /// <summary>Of the code, for messages.</summary>
    internal virtual string CodeFile => CodeName;

    /// <summary>Of the graph, for messages.</summary>
    internal virtual string GraphFile => GraphName;

    /// <summary>The code, checked, where nobody can write any more. The caller's.</summary>
    /// <exception cref="FileNotFoundException">The model has no code.</exception>
    internal abstract CodeImage LoadCode();

    /// <summary>The graph as UTF-8 JSON of exactly the memory's length, checked. The caller's; <see langword="null"/> where there is none.</summary>
    internal abstract ProtectedMemory? LoadGraph();

    /// <summary>Reads parameter i to <paramref name="offsets"/>[i], for all of them, with all cores.</summary>
    /// <exception cref="SafeModelException">One was not as sealed. Everything written has been wiped.</exception>
    internal abstract void ReadParameters(
        ProtectedMemory destination, long[] offsets, IProgress<ModelProgress>? progress, CancellationToken cancellationToken);

    /// <summary>Reads one parameter, of whatever length, to <paramref name="destination"/>.</summary>
    /// <exception cref="SafeModelException">It was not as sealed. What was written has been wiped.</exception>
    internal abstract unsafe void ReadParameter(int index, byte* destination);

    /// <summary>Once all of it was accepted: makes sure that no older package of this model is accepted any more, where that was asked for.</summary>
    /// <exception cref="SafeModelException">Meanwhile a newer one was accepted.</exception>
    internal abstract void RememberVersion(CancellationToken cancellationToken);

    public abstract void Dispose();
}
