using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;

namespace SafeTensor.Runtime;

public sealed partial class SafeModel
{
    private const string SpanResumesNothing = "a model that was loaded with a span, whose key is not kept: pass a ModelKey";
    private const string PlainResumesNothing = "a model whose files are not encrypted, and would not be authenticated: seal it";

    /// <summary>Loads a sealed model. The key is read in place, and none is left behind.</summary>
    /// <param name="path">The package's folder.</param>
    /// <param name="key"><see cref="KeyLength"/> bytes.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <returns>The model, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">The key has another length, or an option is out of range.</exception>
    /// <exception cref="FileNotFoundException">There is no package at <paramref name="path"/>, or a file of it is missing.</exception>
    /// <exception cref="SafeModelException">The package was refused, its model cannot run, or the runtime library is none; nothing of the model is left in memory.</exception>
    /// <exception cref="InvalidOperationException">The process runs on another runtime library already.</exception>
    /// <exception cref="InsufficientMemoryException">The machine, or this process's container, has no room for the weights; none of them was read.</exception>
    /// <exception cref="IOException">A file of the package is no regular file or cannot be read, or the version file cannot be written.</exception>
    public static SafeModel Load(string path, ReadOnlySpan<byte> key, SafeModelOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ModelKey.RequireLength(key.Length, nameof(key));
        var settings = (options ?? new SafeModelOptions()).Checked(SpanResumesNothing);
        var start = Stopwatch.GetTimestamp();
        try
        {
            return Create(SealedPackage.Open(path, key, settings.Expectations), key: null, path, settings, start, progress: null, CancellationToken.None);
        }
        catch (Exception e)
        {
            throw Refuse(settings, path, e);
        }
    }

    /// <summary>Loads a sealed model with a key that unlocks at once.</summary>
    /// <param name="path">The package's folder.</param>
    /// <param name="key">Stays the caller's, who may dispose of it at once: the model keeps a reference of its own, to resume with.</param>
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
            using var held = new HeldKey(key);
            return Create(SealedPackage.Open(path, held, settings.Expectations), key, path, settings, start, progress: null, CancellationToken.None);
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
        ArgumentException.ThrowIfNullOrEmpty(path);
        var settings = (options ?? new SafeModelOptions()).Checked(SpanResumesNothing);
        var copy = ModelKey.FromBytes(key);
        return LoadAndDispose(path, copy, settings, progress, cancellationToken);

        static async Task<SafeModel> LoadAndDispose(
            string path, ModelKey key, SafeModelOptions settings, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
        {
            using (key)
            {
                return await LoadAsync(path, key, keepsKey: false, settings, progress, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Loads a sealed model on pool threads, with any key.</summary>
    /// <param name="path">The package's folder.</param>
    /// <param name="key">Stays the caller's, who may dispose of it once the task has ended: the model keeps a reference of its own, to resume with.</param>
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
        return LoadAsync(path, key, keepsKey: true, (options ?? new SafeModelOptions()).Checked(), progress, cancellationToken);
    }

    private static Task<SafeModel> LoadAsync(
        string path, ModelKey key, bool keepsKey, SafeModelOptions settings, IProgress<ModelProgress>? progress, CancellationToken cancellationToken) =>
        Task.Run(
            async () =>
            {
                var start = Stopwatch.GetTimestamp();
                try
                {
                    using var held = new HeldKey(key);
                    var package = await SealedPackage.OpenAsync(path, held, settings.Expectations, cancellationToken).ConfigureAwait(false);
                    return Create(package, keepsKey ? key : null, path, settings, start, progress, cancellationToken);
                }
                catch (Exception e)
                {
                    throw Refuse(settings, path, e);
                }
            },
            cancellationToken);

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
        var settings = (options ?? new SafeModelOptions()).Checked(PlainResumesNothing);
        var start = Stopwatch.GetTimestamp();
        try
        {
            var model = Create(PlainPackage.Open(directory), key: null, directory, settings, start, progress: null, CancellationToken.None);
            ModelLog.LoadedPlain(settings.Loggers.CreateLogger<SafeModel>(), SafeText.EscapePath(directory));
            return model;
        }
        catch (Exception e)
        {
            throw Refuse(settings, directory, e);
        }
    }

    private static SafeModel Create(
        ModelPackage package, ModelKey? key, string path, SafeModelOptions options, long start, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        var isKept = false;
        try
        {
            var parts = LoadedParts.Load(package, options, progress, cancellationToken);
            var logger = options.Loggers.CreateLogger<SafeModel>();
            SafeModel? model = null;
            try
            {
                model = new SafeModel(parts, options);
                package.RememberVersion(cancellationToken);
                isKept = model.TryKeep(package, key, parts.Files, options, logger);
                ModelLog.Loaded(logger, SafeText.EscapePath(path), Stopwatch.GetElapsedTime(start).TotalMilliseconds, model.Protection);
                return model;
            }
            catch
            {
                ((IDisposable?)model ?? parts).Dispose();
                throw;
            }
        }
        finally
        {
            if (!isKept)
            {
                package.Dispose();
            }
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
}
