namespace SafeTensor.Runtime;

/// <summary>What <see cref="ProtectedMemory.Watch"/> is told of.</summary>
internal enum MemoryEvent
{
    /// <summary>It is there, and empty.</summary>
    Reserved,

    /// <summary>It is zeros, and about to be unmapped.</summary>
    Wiped,
}
