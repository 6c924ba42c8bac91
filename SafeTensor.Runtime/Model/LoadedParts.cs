namespace SafeTensor.Runtime;

/// <summary>What a model is made of once its package is read: its program, its weights, and where they came from. Passed on whole, or disposed.</summary>
internal sealed class LoadedParts : IDisposable
{
    /// <summary>Owns code and graph of <see cref="Files"/>.</summary>
    internal required ModelProgram Program { get; init; }

    internal required LoadedFiles Files { get; init; }

    internal PackageInfo? Info { get; private init; }

    internal required string Runtime { get; init; }

    internal static LoadedParts Load(ModelPackage package, SafeModelOptions options, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        // Where all parameters are empty there is nothing to hand over, and they are checked as in place.
        var isHandedOver = options.LoadPath == LoadPath.LoadParams && package.Parameters.Any(parameter => parameter.ByteLength > 0);
        var memory = isHandedOver ? (MemoryKind?)null : options.SecretWeights ? MemoryKind.Secret : MemoryKind.Anonymous;
        var files = package.Load(memory, progress, cancellationToken);
        try
        {
            var isRelax = files.HasRelaxCode(package.CodeFile);
            if (isRelax && isHandedOver)
            {
                throw new ArgumentException("LoadPath.LoadParams is for graph-executor models. This is a Relax model, which takes its parameters where they are: leave LoadPath at Auto.");
            }

            var runtime = isRelax ? RelaxRuntime.Load(options.RuntimeLibrary) : TvmRuntime.Load(options.RuntimeLibrary);
            ModelProgram program = isRelax ? RelaxProgram.Create(files, package, options.ThreadsPerRun) : GraphProgram.Create(files, package, options.ThreadsPerRun);
            return new LoadedParts { Program = program, Files = files, Info = package.Info, Runtime = runtime };
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Program.Dispose();
        Files.Weights?.Dispose();
    }
}
