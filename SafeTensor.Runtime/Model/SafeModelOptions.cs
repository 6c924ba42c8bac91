using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace SafeTensor.Runtime;

/// <summary>How to load and run a model. Every default suits a server. A loaded model keeps a copy: later changes have no effect on it.</summary>
public sealed record SafeModelOptions
{
    // Of the embedded runtime; a larger number would load, and fail in every run.
    private const int MaxThreads = 256;

    // Of a timer, rounded down.
    private static readonly TimeSpan MaxIdleTimeout = TimeSpan.FromDays(49);

    private ILoggerFactory _loggers = NullLoggerFactory.Instance;
    private TimeProvider _time = TimeProvider.System;

    /// <summary>What computes. Default: the CPU.</summary>
    public Device Device { get; set; }

    /// <summary>Among devices of that kind, from 0; the CPU is one device.</summary>
    public int DeviceIndex { get; set; }

    /// <summary>How parameters reach the executor. Default: the best for the device.</summary>
    public LoadPath LoadPath { get; set; }

    /// <summary>
    /// The path of Apache's <c>libtvm_runtime</c> (TVM 0.14 to 0.19); <see langword="null"/>, the default, for the embedded runtime. One a process:
    /// another choice later throws <see cref="InvalidOperationException"/>.
    /// </summary>
    public string? RuntimeLibrary { get; set; }

    /// <summary>How many runs may be under way at once, each with an executor of its own, made on demand; 0, the default, for one a processor.</summary>
    public int MaxConcurrentRuns { get; set; }

    /// <summary>Threads of the process's one pool that a run may use; 0, the default, for one a physical core. Apache's runtimes have a pool for each thread that runs a model.</summary>
    public int ThreadsPerRun { get; set; }

    /// <summary>
    /// Suspends the model by itself after so long without a run, as <see cref="SafeModel.Suspend"/> does; the next run resumes it. Needs a <see cref="ModelKey"/>.
    /// Default: never.
    /// </summary>
    public TimeSpan? IdleTimeout { get; set; }

    /// <summary>Puts the weights into <c>memfd_secret</c> memory: slow to load, closed even to root's reads through <c>/proc</c>.</summary>
    public bool SecretWeights { get; set; }

    /// <summary>A load that cannot reach this level fails with <see cref="SafeModelError.ProtectionUnavailable"/>. Default: none is required.</summary>
    public ProtectionLevel RequiredProtection { get; set; }

    /// <summary>Another model's package is refused with <see cref="SafeModelError.WrongPackage"/>. Default: any is taken.</summary>
    public string? ExpectedModelId { get; set; }

    /// <summary>A package of a lower model version is refused with <see cref="SafeModelError.RolledBack"/>.</summary>
    public ulong MinimumVersion { get; set; }

    /// <summary>
    /// The path of a file, made by this, that remembers the highest model version seen of each publisher and model; a package of a lower one is
    /// refused with <see cref="SafeModelError.RolledBack"/>, and so is every package where the file is damaged or cannot be read.
    /// Default: nothing is remembered.
    /// </summary>
    /// <remarks>
    /// Publishers who are trusted together share one numbering of a model: a package must be no older than what was seen of any of them.
    /// It rises when a load has succeeded, and never falls, whatever other threads and processes load, and however they end. It is as safe as its
    /// folder: whoever can delete the file can bring an older package back, so let no other program write there. A file of that name and
    /// <c>.lock</c> stays beside it. For a store of your own: <see cref="MinimumVersion"/> before a load, <see cref="PackageInfo.ModelVersion"/> after.
    /// </remarks>
    public string? VersionFile { get; set; }

    /// <summary>
    /// Public keys in PEM (ECDSA on P-256 or P-384). Where there are any, only packages that one of them signed are taken, and every hash of them
    /// is checked; others are refused with <see cref="SafeModelError.SignatureInvalid"/>. Default: none, and no signature is looked at.
    /// </summary>
    public IReadOnlyList<string> TrustedPublishers { get; set; } = [];

    /// <summary>
    /// Takes packages without a trusted publisher also with keys that anybody can seal for. The keys of this version are shared secrets: whoever
    /// has one is a sender already, so with them this changes nothing.
    /// </summary>
    public bool AllowUnsigned { get; set; }

    internal ILoggerFactory Loggers => _loggers;

    internal TimeProvider Time => _time;

    /// <exception cref="ArgumentException">A publisher's key is none, or the version file's path names no file.</exception>
    internal PackageExpectations Expectations
    {
        get
        {
            var publishers = PublisherKey.FromPems(TrustedPublishers, nameof(TrustedPublishers));
            return new PackageExpectations(ExpectedModelId, MinimumVersion, _time)
            {
                Publishers = publishers,
                AllowUnsigned = AllowUnsigned,
                Versions = VersionFile is null ? null : new VersionFile(VersionFile, [.. publishers.Select(publisher => publisher.Thumbprint)]),
            };
        }
    }

    /// <summary>Where log messages go. Default: nowhere. A method, so that configuration binds the rest without a warning.</summary>
    /// <param name="loggerFactory">Stays the caller's.</param>
    /// <returns>These options.</returns>
    public SafeModelOptions UseLoggerFactory(ILoggerFactory loggerFactory)
    {
        ArgumentNullException.ThrowIfNull(loggerFactory);
        _loggers = loggerFactory;
        return this;
    }

    /// <summary>What a package's not-after date is compared with, and <see cref="IdleTimeout"/> is measured by. Default: the system's clock.</summary>
    /// <param name="timeProvider">Stays the caller's.</param>
    /// <returns>These options.</returns>
    public SafeModelOptions UseTimeProvider(TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(timeProvider);
        _time = timeProvider;
        return this;
    }

    /// <param name="cannotSuspend">Why the model to be loaded cannot be suspended; <see langword="null"/> where it can.</param>
    /// <exception cref="ArgumentException">An option is out of range, or not for such a model.</exception>
    internal SafeModelOptions Checked(string? cannotSuspend = null)
    {
        if (IdleTimeout is { } timeout && (timeout <= TimeSpan.Zero || timeout > MaxIdleTimeout || cannotSuspend is not null))
        {
            throw new ArgumentException(
                cannotSuspend is null
                    ? $"IdleTimeout is {timeout}; it is more than nothing and at most {MaxIdleTimeout.Days} days."
                    : $"IdleTimeout is {timeout}, and nothing can resume {cannotSuspend}.");
        }

        if (Device != Device.Cpu || DeviceIndex != 0)
        {
            throw new ArgumentException($"Device is {Device}, DeviceIndex {DeviceIndex}; there is one CPU device, number 0.");
        }

        if (!Enum.IsDefined(LoadPath) || !Enum.IsDefined(RequiredProtection))
        {
            throw new ArgumentException($"LoadPath is {LoadPath} and RequiredProtection {RequiredProtection}; one of them does not exist.");
        }

        if (MaxConcurrentRuns < 0 || ThreadsPerRun is < 0 or > MaxThreads)
        {
            throw new ArgumentException($"MaxConcurrentRuns is {MaxConcurrentRuns} and ThreadsPerRun {ThreadsPerRun}; neither may be negative, and no run has more than {MaxThreads} threads.");
        }

        ArgumentNullException.ThrowIfNull(TrustedPublishers);
        return this with { TrustedPublishers = [.. TrustedPublishers] };
    }
}
