namespace SafeTensor.Runtime;

/// <summary>What was really done for a loaded model's weights, measured and not assumed.</summary>
public sealed record ProtectionReport
{
    // For the keys of the next load, and what else comes and goes.
    private const long LockSlack = 1 << 20;

    /// <summary>The level reached.</summary>
    public ProtectionLevel Level { get; init; }

    /// <summary>The weights in memory, in bytes.</summary>
    public long WeightBytes { get; init; }

    /// <summary>The bytes of them that cannot reach swap.</summary>
    public long LockedBytes { get; init; }

    /// <summary>The bytes of them for which the kernel took the request for huge pages; it gives as many as it has.</summary>
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
    internal static ProtectionReport Of(ProtectedMemory? weights, bool isSealed, IReadOnlyList<string> remarks)
    {
        var reasons = new List<string>(remarks);
        if (!isSealed)
        {
            reasons.Add("the model's files are not encrypted: seal them with ModelSealer or `safetensor seal`");
        }

        var hugePages = weights is { IsSecret: false, Length: >= ProtectedMemory.HugePageSize }
            ? ProcessState.HugePageRefusal ?? (weights.HugePageBytes == 0 ? Refused("MADV_HUGEPAGE") : null)
            : null;
        var dumps = weights is { IsSecret: false } ? ProcessState.DumpCauses.ToList() : [];
        if (weights is not null)
        {
            reasons.AddRange(Shortcomings(weights, hugePages, [.. dumps.Select(cause => cause.Text)]));
        }

        return new ProtectionReport
        {
            Level = !isSealed ? ProtectionLevel.Plain
                : remarks.Count > 0 || weights is { IsLocked: false } or { IsExcludedFromForks: false } ? ProtectionLevel.Sealed
                : dumps.Count > 0 ? ProtectionLevel.Locked
                : weights is { IsSecret: false } ? ProtectionLevel.NotDumped
                : ProtectionLevel.Secret,
            WeightBytes = weights?.Length ?? 0,
            LockedBytes = weights is { IsLocked: true } ? weights.Length : 0,
            HugePageBytes = hugePages is null ? Math.Min(weights?.HugePageBytes ?? 0, weights?.Length ?? 0) : 0,
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

    private static IEnumerable<string> Shortcomings(ProtectedMemory weights, string? hugePages, IReadOnlyList<string> dumps)
    {
        if (!weights.IsLocked)
        {
            yield return $"{weights.Length} bytes of weights are not locked and may reach swap, since {LockRefusal()}";
        }

        if (!weights.IsExcludedFromForks)
        {
            yield return $"child processes get copies of the weights, which are not locked, since {Refused("MADV_DONTFORK")}";
        }

        if (!weights.IsExcludedFromCoreFiles)
        {
            yield return $"core files contain the weights, since {Refused("MADV_DONTDUMP")}";
        }

        if (!weights.IsReadOnly)
        {
            yield return $"a stray write can change the weights, since {Refused("mprotect")}";
        }

        foreach (var dump in dumps)
        {
            yield return $"dumps contain the weights, since {dump}, or set SafeModelOptions.SecretWeights";
        }

        if (!weights.IsSecret && dumps.Count == 0)
        {
            yield return "root can read the weights through /proc: SafeModelOptions.SecretWeights keeps them from that";
        }

        if (hugePages is not null)
        {
            yield return $"the weights are not in huge pages, which makes loading slower, since {hugePages}";
        }
    }

    private static string LockRefusal()
    {
        var limit = ProcessState.MemoryLockLimit;
        var needed = ProtectedMemory.ReservedBytes + LockSlack;
        return limit >= needed
            ? Refused("mlock2")
            : $"only {limit} can be: raise RLIMIT_MEMLOCK to {needed} bytes ({ProcessState.LockLimitPlaces})";
    }

    private static string Refused(string call) => $"the kernel refused {call}: allow it in this process's sandbox";
}
