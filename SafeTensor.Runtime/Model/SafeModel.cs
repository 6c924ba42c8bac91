namespace SafeTensor.Runtime;

/// <summary>A compiled model, ready to run. Its weights were encrypted on disk, and are plaintext only in this process's protected memory.</summary>
/// <remarks>
/// Thread-safe, all members. Loading is slow beside running, and a loaded model holds its weights: load once, share, dispose once.
/// Inputs and outputs are ordinary memory.
/// </remarks>
public sealed partial class SafeModel : IDisposable
{
    /// <summary>Of a raw key, in bytes.</summary>
    public const int KeyLength = ModelKey.Length;

    private readonly ModelProgram _program;
    private readonly ProtectedMemory? _weights;
    private readonly ProtectionLevel _requiredProtection;
    private readonly SessionPool _pool;
    private readonly IdleClock? _idle;
    private readonly RunGate _gate;
    private readonly List<WeakReference<ModelSession>> _sessions = [];
    private readonly Lock _reporting = new();
    private volatile ProtectionReport _protection = new();

    private SafeModel(LoadedParts parts, SafeModelOptions options)
    {
        _program = parts.Program;
        _weights = parts.Files.Weights;
        _requiredProtection = options.RequiredProtection;
        _idle = options.IdleTimeout is null ? null : new IdleClock(options.Time);
        _gate = new RunGate(ResumeForRun, _idle);
        Package = parts.Info is { } info ? info with { Inputs = Inputs, Outputs = _program.Outputs ?? [] } : null;
        Runtime = parts.Runtime;
        _pool = new SessionPool(() => MakeSession(gate: null), options.MaxConcurrentRuns > 0 ? options.MaxConcurrentRuns : Environment.ProcessorCount);

        try
        {
            // The first executor now: a model that cannot make one must fail to load. It also shows what the protection report must say.
            _pool.Return(_pool.Rent());
            CheckProtection();
        }
        catch
        {
            // Its library must be gone before the parts are.
            _pool.Clear();
            throw;
        }
    }

    /// <summary>What serves, authenticated; <see langword="null"/> for a plain model.</summary>
    public PackageInfo? Package { get; }

    /// <summary>What a run must be given, without the parameters; never changes.</summary>
    public IReadOnlyList<TensorInfo> Inputs => _program.Inputs;

    /// <summary>What a run gives; never changes. Of a Relax model only a run tells: where there was none, asking for this makes one, on zeros, with 1 for each length that a run decides.</summary>
    /// <remarks>A Relax model may give something else for other data: each <see cref="ModelOutputs"/> and each session has what its run gave.</remarks>
    /// <exception cref="InvalidOperationException">No run has told, and none can be tried, since the model does not tell what an input of it is.</exception>
    /// <exception cref="ObjectDisposedException">No run has told, and the model is disposed.</exception>
    /// <exception cref="SafeModelException">No run has told, and the one on zeros failed.</exception>
    public IReadOnlyList<TensorInfo> Outputs => _program.Outputs ?? LearnOutputs();

    /// <summary>What was really locked, hidden from dumps and so on, and why not more.</summary>
    /// <remarks>As of the load, or the last resume. While the model is suspended there are no weights. That a Relax model gives out a weight is known once a run has done it.</remarks>
    public ProtectionReport Protection => _protection;

    /// <summary>The TVM runtime that runs it: <c>embedded 1.0.0</c>, or the path of another and its version where it tells.</summary>
    public string Runtime { get; }

    /// <summary>An executor with buffers of its own, for one thread at a time; the caller's. It counts beside <see cref="SafeModelOptions.MaxConcurrentRuns"/>.</summary>
    /// <exception cref="NotSupportedException">The model does not tell what an input of it is, so that there is nothing to make its buffer of.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public ModelSession CreateSession()
    {
        if (Inputs.FirstOrDefault(input => !input.IsKnown) is { } unknown)
        {
            throw new NotSupportedException($"The model does not tell what its input '{SafeText.Escape(unknown.Name)}' is, so a session has no buffer for it: use Run, which takes any tensor.");
        }

        _gate.Enter();
        try
        {
            var session = MakeSession(_gate);
            lock (_sessions)
            {
                _sessions.RemoveAll(static known => !known.TryGetTarget(out _));
                _sessions.Add(new WeakReference<ModelSession>(session));
            }

            return session;
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Refuses new runs at once and waits for running ones; when it returns, the weights are wiped.</summary>
    public void Dispose()
    {
        if (!_gate.Close())
        {
            return;
        }

        _idleTimer?.Dispose();
        _suspension?.End();
        _gate.WaitForRuns();
        _pool.Clear();
        lock (_sessions)
        {
            foreach (var known in _sessions)
            {
                if (known.TryGetTarget(out var session))
                {
                    session.Dispose();
                }
            }
        }

        _program.Dispose();
        _weights?.Dispose();
        _suspension?.Dispose();
        _gate.Dispose();
    }

    internal static int Find(IReadOnlyList<TensorInfo> infos, string name, string kind)
    {
        for (var i = 0; i < infos.Count; i++)
        {
            if (infos[i].Name == name)
            {
                return i;
            }
        }

        throw new ArgumentException($"The model has no {kind} '{SafeText.Escape(name ?? "")}'; it has {TensorInfo.List(infos)}.", nameof(name));
    }

    private IReadOnlyList<TensorInfo> LearnOutputs()
    {
        if (Inputs.FirstOrDefault(input => !input.IsKnown) is { } unknown)
        {
            throw new InvalidOperationException($"Only a run tells what the model gives, and none can be tried, since its input '{SafeText.Escape(unknown.Name)}' is of unknown type: run it first.");
        }

        using var run = Begin();
        run.Session.Run();
        return _program.Outputs!;
    }

    /// <summary>When a session ends that the model's suspension or end has left.</summary>
    internal void ReleaseScratch() => _program.ReleaseScratch();

    internal void Learn(IReadOnlyList<TensorInfo> outputs) => _program.Learn(outputs);

    /// <summary>Of an output, before it is copied to ordinary memory.</summary>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.ProtectionUnavailable"/>: it is a weight, and more protection is required.</exception>
    internal unsafe void NoteIfWeight(int output, void* data)
    {
        if (!_program.IsWeight(data))
        {
            return;
        }

        // Whoever comes second waits for the new report.
        lock (_reporting)
        {
            if (_program.NoteWeight(output, data))
            {
                CheckProtection();
            }
            else
            {
                _protection.Require(_requiredProtection);
            }
        }
    }

    private void CheckProtection()
    {
        _protection = ProtectionReport.Of(_weights, Package is not null, [.. _program.Remarks, .. _program.WeightsGiven]);
        _protection.Require(_requiredProtection);
    }

    /// <summary>When the weights are back. A run that gives one out is refused by itself, and others go on.</summary>
    private void CheckRestored()
    {
        ProtectionReport.Of(_weights, Package is not null, _program.Remarks).Require(_requiredProtection);
        _protection = ProtectionReport.Of(_weights, Package is not null, [.. _program.Remarks, .. _program.WeightsGiven]);
    }

    private ModelSession MakeSession(RunGate? gate)
    {
        var executor = _program.CreateExecutor();
        try
        {
            return new ModelSession(this, executor, gate);
        }
        catch
        {
            executor.Dispose();
            throw;
        }
    }
}
