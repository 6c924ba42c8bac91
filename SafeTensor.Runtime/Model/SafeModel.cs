using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;

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
    private readonly SessionPool _pool;
    private readonly RunGate _gate = new();
    private readonly List<WeakReference<ModelSession>> _sessions = [];

    private SafeModel(LoadedParts parts, SafeModelOptions options)
    {
        _program = parts.Program;
        _weights = parts.Weights;
        Package = parts.Info is { } info ? info with { Inputs = Inputs, Outputs = Outputs } : null;
        Runtime = parts.Runtime;
        _pool = new SessionPool(() => MakeSession(gate: null), options.MaxConcurrentRuns > 0 ? options.MaxConcurrentRuns : Environment.ProcessorCount);

        try
        {
            // The first executor now: a model that cannot make one must fail to load. It also shows what the protection report must say.
            _pool.Return(_pool.Rent());
            Protection = ProtectionReport.Of(_weights, Package is not null, _program.Remarks);
            Protection.Require(options.RequiredProtection);
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

    /// <summary>What a run gives; never changes.</summary>
    public IReadOnlyList<TensorInfo> Outputs => _program.Outputs;

    /// <summary>What was really locked, hidden from dumps and so on, and why not more.</summary>
    public ProtectionReport Protection { get; }

    /// <summary>The TVM runtime that runs it: <c>embedded 1.0.0</c>, or the path of another and its version where it tells.</summary>
    public string Runtime { get; }

    /// <summary>Loads a sealed model. The key is read in place, and none is left behind.</summary>
    /// <param name="path">The package's folder.</param>
    /// <param name="key"><see cref="KeyLength"/> bytes.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <returns>The model, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">The key has another length, or an option is out of range.</exception>
    /// <exception cref="FileNotFoundException">There is no package at <paramref name="path"/>, or a file of it is missing.</exception>
    /// <exception cref="SafeModelException">The package was refused, its model cannot run, or the runtime library is none; nothing of the model is left in memory.</exception>
    /// <exception cref="InvalidOperationException">The process runs on another runtime library already.</exception>
    public static SafeModel Load(string path, ReadOnlySpan<byte> key, SafeModelOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ModelKey.RequireLength(key.Length, nameof(key));
        var settings = (options ?? new SafeModelOptions()).Checked();
        var start = Stopwatch.GetTimestamp();
        try
        {
            return Create(SealedPackage.Open(path, key, settings.Expectations), path, settings, start, progress: null, CancellationToken.None);
        }
        catch (Exception e)
        {
            throw Refuse(settings, path, e);
        }
    }

    /// <summary>Loads a sealed model with a key that unlocks at once.</summary>
    /// <param name="path">The package's folder.</param>
    /// <param name="key">Used during the call; stays the caller's.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <returns>The model, which the caller disposes.</returns>
    /// <exception cref="NotSupportedException">The key unlocks only asynchronously: use <see cref="LoadAsync(string, ModelKey, SafeModelOptions?, IProgress{ModelProgress}?, CancellationToken)"/>.</exception>
    /// <inheritdoc cref="Load(string, ReadOnlySpan{byte}, SafeModelOptions?)" path="/exception"/>
    public static SafeModel Load(string path, ModelKey key, SafeModelOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(key);
        var settings = (options ?? new SafeModelOptions()).Checked();
        var start = Stopwatch.GetTimestamp();
        try
        {
            return Create(SealedPackage.Open(path, key, settings.Expectations), path, settings, start, progress: null, CancellationToken.None);
        }
        catch (Exception e)
        {
            throw Refuse(settings, path, e);
        }
    }

    /// <summary>Loads a sealed model on pool threads.</summary>
    /// <param name="path">The package's folder.</param>
    /// <param name="key"><see cref="KeyLength"/> bytes, copied to a locked page before this returns.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <param name="progress">Told of bytes loaded, in order, from worker threads.</param>
    /// <param name="cancellationToken">Stops within one segment and leaves nothing behind.</param>
    /// <returns>The model, which the caller disposes.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <inheritdoc cref="Load(string, ReadOnlySpan{byte}, SafeModelOptions?)" path="/exception"/>
    public static Task<SafeModel> LoadAsync(
        string path, ReadOnlySpan<byte> key, SafeModelOptions? options = null, IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var copy = ModelKey.FromBytes(key);
        return LoadAndDispose(path, copy, options, progress, cancellationToken);

        static async Task<SafeModel> LoadAndDispose(
            string path, ModelKey key, SafeModelOptions? options, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
        {
            using (key)
            {
                return await LoadAsync(path, key, options, progress, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Loads a sealed model on pool threads, with any key.</summary>
    /// <param name="path">The package's folder.</param>
    /// <param name="key">Used until the task ends; stays the caller's.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <param name="progress">Told of bytes loaded, in order, from worker threads.</param>
    /// <param name="cancellationToken">Stops within one segment and leaves nothing behind.</param>
    /// <returns>The model, which the caller disposes.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <inheritdoc cref="Load(string, ReadOnlySpan{byte}, SafeModelOptions?)" path="/exception"/>
    public static Task<SafeModel> LoadAsync(
        string path, ModelKey key, SafeModelOptions? options = null, IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(key);
        var settings = (options ?? new SafeModelOptions()).Checked();
        return Task.Run(
            async () =>
            {
                var start = Stopwatch.GetTimestamp();
                try
                {
                    var package = await SealedPackage.OpenAsync(path, key, settings.Expectations, cancellationToken).ConfigureAwait(false);
                    return Create(package, path, settings, start, progress, cancellationToken);
                }
                catch (Exception e)
                {
                    throw Refuse(settings, path, e);
                }
            },
            cancellationToken);
    }

    /// <summary>Loads an unprotected model, as TVM's compiler left it. Trusts its code, and says so in the log.</summary>
    /// <param name="directory">
    /// The folder with <c>mod.so</c>, <c>mod.json</c> and <c>mod.params</c> (or <c>mod.param</c>; or <c>deploy_lib.so</c>, <c>deploy_graph.json</c> and <c>deploy_param.params</c>),
    /// as far as the model has them, with a single <c>.so</c> that holds all of it, or with a single <c>.tar</c> of tvmc's; or the path of such a <c>.tar</c>, which is read in place, or of such a <c>.so</c>.
    /// </param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults. What they expect of a package does not apply.</param>
    /// <returns>The model, which the caller disposes.</returns>
    /// <inheritdoc cref="Load(string, ReadOnlySpan{byte}, SafeModelOptions?)" path="/exception"/>
    public static SafeModel LoadPlain(string directory, SafeModelOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        var settings = (options ?? new SafeModelOptions()).Checked();
        var start = Stopwatch.GetTimestamp();
        try
        {
            var model = Create(PlainPackage.Open(directory), directory, settings, start, progress: null, CancellationToken.None);
            ModelLog.LoadedPlain(settings.Loggers.CreateLogger<SafeModel>(), SafeText.EscapePath(directory));
            return model;
        }
        catch (Exception e)
        {
            throw Refuse(settings, directory, e);
        }
    }

    /// <summary>An executor with buffers of its own, for one thread at a time; the caller's. It counts beside <see cref="SafeModelOptions.MaxConcurrentRuns"/>.</summary>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public ModelSession CreateSession()
    {
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

    private static SafeModel Create(
        ModelPackage package, string path, SafeModelOptions options, long start, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        using (package)
        {
            var parts = LoadedParts.Load(package, options, progress, cancellationToken);
            SafeModel? model = null;
            try
            {
                model = new SafeModel(parts, options);
                package.RememberVersion(cancellationToken);
            }
            catch
            {
                ((IDisposable?)model ?? parts).Dispose();
                throw;
            }

            var logger = options.Loggers.CreateLogger<SafeModel>();
            ModelLog.Loaded(logger, SafeText.EscapePath(path), Stopwatch.GetElapsedTime(start).TotalMilliseconds, model.Protection);
            return model;
        }
    }

    private static Exception Refuse(SafeModelOptions options, string path, Exception cause)
    {
        if (cause is SafeModelException refusal)
        {
            ModelLog.Refused(options.Loggers.CreateLogger<SafeModel>(), SafeText.EscapePath(path), refusal.Error);
        }

        // With the stack that it has; the return is for the compiler, which does not know that this throws.
        ExceptionDispatchInfo.Throw(cause);
        return cause;
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
