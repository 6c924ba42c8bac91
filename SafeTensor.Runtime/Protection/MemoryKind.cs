namespace SafeTensor.Runtime;

/// <summary>Where protected memory comes from.</summary>
internal enum MemoryKind
{
    /// <summary>Anonymous pages: locked as far as allowed, left out of core files and forks.</summary>
    Anonymous,

    /// <summary>memfd_secret, or nothing.</summary>
    Secret,

    /// <summary>memfd_secret where the kernel has it, else anonymous.</summary>
    SecretIfAvailable,
}
