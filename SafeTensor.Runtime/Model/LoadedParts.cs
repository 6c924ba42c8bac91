namespace SafeTensor.Runtime;

/// <summary>What a model is made of once its package is read: its program, its weights, and where they came from. Passed on whole, or disposed.</summary>
internal sealed class LoadedParts : IDisposable
{
    private const int Alignment = ModelSession.Alignment;

    internal required ModelProgram Program { get; init; }

    /// <summary>All parameters in one mapping; <see langword="null"/> where the runtime has them, or there are none.</summary>
    internal ProtectedMemory? Weights { get; private init; }

    internal PackageInfo? Info { get; private init; }

    internal required string Runtime { get; init; }

    internal static LoadedParts Load(ModelPackage package, SafeModelOptions options, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        var runtime = TvmRuntime.Load(options.RuntimeLibrary);
        CodeImage? code = null;
        ProtectedMemory? graph = null, weights = null;
        try
        {
            graph = package.LoadGraph();
            code = package.LoadCode();
            var offsets = Layout(package.Parameters, out var length);
            if (options.LoadPath != LoadPath.LoadParams && package.Parameters.Count > 0)
            {
                // Empty tensors are read too: their tags and roots are checked as all others are.
                weights = ProtectedMemory.Reserve(Math.Max(length, 1), options.SecretWeights ? MemoryKind.Secret : MemoryKind.Anonymous);
                package.ReadParameters(weights, offsets, progress, cancellationToken);
                weights.MakeReadOnly();
            }

            var program = GraphProgram.Create(code, graph, package, weights, offsets, options.ThreadsPerRun);
            return new LoadedParts { Program = program, Weights = weights, Info = package.Info, Runtime = runtime };
        }
        catch
        {
            code?.Dispose();
            graph?.Dispose();
            weights?.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Program.Dispose();
        Weights?.Dispose();
    }

    private static long[] Layout(IReadOnlyList<ParameterInfo> parameters, out long length)
    {
        var offsets = new long[parameters.Count];
        length = 0;
        for (var i = 0; i < offsets.Length; i++)
        {
            offsets[i] = length;
            length = checked((length + parameters[i].ByteLength + Alignment - 1) / Alignment * Alignment);
        }

        return offsets;
    }
}
