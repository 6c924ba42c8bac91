using Microsoft.Extensions.Logging;

namespace SafeTensor.Runtime;

public sealed partial class SafeModel
{
    private string _cannotSuspend = "";
    private Suspension? _suspension;
    private IdleTimer? _idleTimer;

    /// <summary>Whether the weights are wiped until the next run or <see cref="ResumeAsync"/>.</summary>
    public bool IsSuspended => _gate.IsSuspended;

    /// <summary>Waits for runs under way, and wipes the weights. The next run or <see cref="ResumeAsync"/> decrypts them again, to the same addresses; sessions go on.</summary>
    /// <remarks>
    /// The package's file stays open, and the key is kept where the weights were not: what is decrypted again is what was loaded, or refused as
    /// <see cref="SafeModelError.Tampered"/>. Executors' own memory goes with the weights, but for that of sessions from <see cref="CreateSession"/>.
    /// </remarks>
    /// <exception cref="InvalidOperationException">
    /// The model cannot: it was loaded with a span instead of a <see cref="ModelKey"/>, plain, or with <see cref="LoadPath.LoadParams"/>, or its weights are inside its code.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public void Suspend()
    {
        ObjectDisposedException.ThrowIf(_gate.IsClosed, this);
        (_suspension ?? throw new InvalidOperationException($"The model cannot be suspended: {_cannotSuspend}.")).Suspend();
    }

    /// <summary>Decrypts the weights of a suspended model on pool threads, so that the next run need not. Does nothing where they are there.</summary>
    /// <param name="progress">Told of bytes decrypted, in order, from worker threads. It must not run, suspend, resume or dispose of the model, which would wait for itself.</param>
    /// <param name="cancellationToken">Stops within one segment; the model stays suspended.</param>
    /// <returns>A task that ends when the model can run.</returns>
    /// <exception cref="SafeModelException">
    /// The file is not what was loaded, the key is not to be had, or the protection is less than required. The model stays suspended, and can be resumed later.
    /// </exception>
    /// <exception cref="InsufficientMemoryException">The system has no room for the weights any more.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public Task ResumeAsync(IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_gate.IsClosed, this);
        return _suspension is null ? Task.CompletedTask : Task.Run(() => _suspension.ResumeAsync(progress, cancellationToken), cancellationToken);
    }

    private void ClearExecutors()
    {
        _pool.Clear();
        _program.ReleaseScratch();
    }

    private void ResumeForRun()
    {
        try
        {
            _suspension!.Resume();
        }
        catch (NotSupportedException e)
        {
            throw new InvalidOperationException("The model is suspended, and its key unlocks only asynchronously: await ResumeAsync before the run.", e);
        }
    }

    /// <returns>Whether the package and the key are needed to resume, and are the model's from now on.</returns>
    private bool TryKeep(ModelPackage package, ModelKey? key, LoadedFiles files, SafeModelOptions options, ILogger logger)
    {
        if (package is SealedPackage source && key is not null && files.Weights is not null)
        {
            _suspension = new Suspension(_gate, ClearExecutors, files, source, new HeldKey(key), CheckRestored, logger);
            _idleTimer = options.IdleTimeout is { } timeout ? new IdleTimer(_suspension, _idle!, timeout, options.Time) : null;
            return true;
        }

        _cannotSuspend = package is PlainPackage ? PlainResumesNothing
            : files.Weights is null ? "its weights are in memory of the TVM runtime's own, or inside its code, where they cannot be wiped"
            : SpanResumesNothing;
        return options.IdleTimeout is null ? false
            : throw new SafeModelException(SafeModelError.ProtectionUnavailable, $"IdleTimeout is set, and the model cannot be suspended: {_cannotSuspend}.");
    }
}
