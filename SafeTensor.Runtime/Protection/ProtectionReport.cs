using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>What was really done for a loaded model's weights, measured and not assumed.</summary>
public sealed record ProtectionReport
{
    /// <summary>The level reached.</summary>
    public ProtectionLevel Level { get; init; }

    /// <summary>The weights in memory, in bytes.</summary>
    public long WeightBytes { get; init; }

    /// <summary>The bytes of them that cannot reach swap.</summary>
    public long LockedBytes { get; init; }

    /// <summary>The bytes of them for which the kernel accepted the request for huge pages.</summary>
    public long HugePageBytes { get; init; }

    /// <summary>Whether a write to the weights is a fault.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Whether the weights are in <c>memfd_secret</c> pages.</summary>
    public bool IsInSecretMemory { get; init; }

    /// <summary>Whether the kernel leaves the weights out of core files.</summary>
    public bool IsExcludedFromCoreFiles { get; init; }

    /// <summary>Why not more, and what to change on this machine.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>Reads off what <paramref name="weights"/> got.</summary>
    /// <param name="weights">The weights' memory; <see langword="null"/> where all of them are elsewhere, which <paramref name="remarks"/> then says.</param>
    /// <param name="isSealed">Whether the files are encrypted.</param>
    /// <param name="remarks">What else lowers the promise, such as weights inside the code.</param>
    internal static unsafe ProtectionReport Of(ProtectedMemory? weights, bool isSealed, IReadOnlyList<string> remarks)
    {
        var reasons = new List<string>(remarks);
        var level = isSealed ? ProtectionLevel.Sealed : ProtectionLevel.Plain;
        if (!isSealed)
        {
            reasons.Add("the model's files are not encrypted: seal them with ModelSealer or `safetensor seal`");
        }

        var locked = weights?.IsLocked ?? true;
        if (!locked)
        {
            reasons.Add($"{weights!.Length} bytes of weights could not be locked and may reach swap: raise RLIMIT_MEMLOCK (now {MemoryLockLimit()}) to that much");
        }

        var secret = weights?.IsSecret ?? true;
        var dumpable = LibC.prctl(LibC.PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 || LibC.geteuid() == 0;
        if (!secret && dumpable)
        {
            reasons.Add("a dump of this process by createdump, a debugger or root contains the weights: SafeModelOptions.SecretWeights keeps them out");
        }

        if (isSealed && locked)
        {
            level = weights is null || secret ? ProtectionLevel.Secret : dumpable ? ProtectionLevel.Locked : ProtectionLevel.NotDumped;
        }

        return new ProtectionReport
        {
            Level = remarks.Count > 0 && level > ProtectionLevel.Sealed ? ProtectionLevel.Sealed : level,
            WeightBytes = weights?.Length ?? 0,
            LockedBytes = locked ? weights?.Length ?? 0 : 0,
            HugePageBytes = Math.Min(weights?.HugePageBytes ?? 0, weights?.Length ?? 0),
            IsReadOnly = weights?.IsReadOnly ?? true,
            IsInSecretMemory = weights?.IsSecret ?? false,
            IsExcludedFromCoreFiles = weights?.IsExcludedFromCoreFiles ?? true,
            Reasons = reasons,
        };
    }

    /// <exception cref="SafeModelException"><see cref="SafeModelError.ProtectionUnavailable"/>: the level is below <paramref name="required"/>.</exception>
    internal void Require(ProtectionLevel required)
    {
        if (Level < required)
        {
            throw new SafeModelException(
                SafeModelError.ProtectionUnavailable,
                $"RequiredProtection is {required}; this machine and model reach {Level}: {string.Join("; ", Reasons)}.");
        }
    }

    private static unsafe string MemoryLockLimit()
    {
        ResourceLimit limit;
        return LibC.getrlimit(LibC.RLIMIT_MEMLOCK, &limit) != 0 ? "unknown"
            : limit.Current == ulong.MaxValue ? "unlimited" : $"{limit.Current} bytes";
    }
}
