using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace SafeTensor.Runtime;

/// <summary>Wipes a model's weights while it runs, and decrypts them again: from the same file, under the manifest that was verified at load, to the same addresses.</summary>
internal sealed class Suspension : IDisposable
{
    private readonly RunGate _gate;
    private readonly Action _clear;
    private readonly ProtectedMemory _weights;
    private readonly long[] _offsets;
    private readonly SealedPackage _package;
    private readonly HeldKey _key;
    private readonly Action _checkProtection;
    private readonly ILogger _logger;

    // One change at a time. A run that must resume waits for it, as does whoever disposes of the model.
    private readonly SemaphoreSlim _change = new(1);
    private readonly CancellationTokenSource _end = new();

    /// <param name="gate">Of the model's runs.</param>
    /// <param name="clear">Called to suspend: gives the executors back, whose own memory can hold what was computed from weights alone.</param>
    /// <param name="files">Of the weights, which stay the model's.</param>
    /// <param name="package">They come from; owned by this.</param>
    /// <param name="key">To decrypt them again; owned by this.</param>
    /// <param name="checkProtection">Called when they are back: throws where they are protected less than is required.</param>
    /// <param name="logger">Of the model.</param>
    internal Suspension(RunGate gate, Action clear, LoadedFiles files, SealedPackage package, HeldKey key, Action checkProtection, ILogger logger)
    {
        _gate = gate;
        _clear = clear;
        _weights = files.Weights!;
        _offsets = files.Offsets;
        _package = package;
        _key = key;
        _checkProtection = checkProtection;
        _logger = logger;
        package.ForgetKeys();
    }

    /// <summary>Waits for runs under way, and wipes.</summary>
    internal void Suspend()
    {
        _change.Wait(CancellationToken.None);
        try
        {
            RequireOpen();
            if (!_gate.IsSuspended)
            {
                _gate.Suspend();
                _gate.WaitForRuns();
                Wipe();
            }
        }
        finally
        {
            _change.Release();
        }
    }

    /// <summary>Wipes, unless a run or another change is under way.</summary>
    internal void SuspendIfIdle()
    {
        if (!_change.Wait(0, CancellationToken.None))
        {
            return;
        }

        try
        {
            if (_gate.TrySuspend())
            {
                Wipe();
            }
        }
        finally
        {
            _change.Release();
        }
    }

    /// <summary>Brings the weights back, if they are gone.</summary>
    internal void Resume()
    {
        _change.Wait(CancellationToken.None);
        try
        {
            if (IsNeeded())
            {
                using var page = KeyPage.Unwrap(_key, _package.Request);
                Restore(page, progress: null, _end.Token);
            }
        }
        catch (OperationCanceledException) when (_gate.IsClosed)
        {
            throw new ObjectDisposedException(nameof(SafeModel));
        }
        finally
        {
            _change.Release();
        }
    }

    /// <inheritdoc cref="Resume"/>
    internal async Task ResumeAsync(IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _end.Token);
        await _change.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (IsNeeded())
            {
                using var page = await KeyPage.UnwrapAsync(_key, _package.Request, either.Token).ConfigureAwait(false);
                Restore(page, progress, either.Token);
            }
        }
        catch (OperationCanceledException) when (_gate.IsClosed)
        {
            throw new ObjectDisposedException(nameof(SafeModel));
        }
        finally
        {
            _change.Release();
        }
    }

    /// <summary>Once the gate is closed: ends a change under way, and waits for it.</summary>
    internal void End()
    {
        // On a pool thread: what a key service does when it is cancelled is its own, and must not stop this.
        _ = _end.CancelAsync();
        _change.Wait(CancellationToken.None);
        _change.Release();
    }

    /// <summary>After <see cref="End"/>.</summary>
    public void Dispose()
    {
        _key.Dispose();
        _package.Dispose();
    }

    private bool IsNeeded()
    {
        RequireOpen();
        return _gate.IsSuspended;
    }

    private void RequireOpen() => ObjectDisposedException.ThrowIf(_gate.IsClosed, typeof(SafeModel));

    private void Wipe()
    {
        try
        {
            _clear();
        }
        finally
        {
            _weights.Empty();
        }

        ModelLog.Suspended(_logger, SafeText.Escape(_package.Info.ModelId));
    }

    // The model key is disposed of as soon as it has unlocked the data key.
    private void Restore(ProtectedMemory modelKey, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            FreeMemory.Require(_weights.Length);
            _weights.Restore();
            _package.Unlock(modelKey.Span);
            modelKey.Dispose();
            _package.ReadParameters(_weights, _offsets, progress, cancellationToken);
            _weights.MakeReadOnly();
            _checkProtection();
        }
        catch
        {
            _weights.Empty();
            throw;
        }
        finally
        {
            _package.ForgetKeys();
        }

        _gate.Open();
        ModelLog.Resumed(_logger, SafeText.Escape(_package.Info.ModelId), Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }
}
