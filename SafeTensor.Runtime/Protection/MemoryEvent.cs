namespace SafeTensor.Runtime;

/// <summary>What <see cref="ProtectedMemory.Watch"/> is told of.</summary>
internal enum MemoryEvent
{
    /// <summary>It is there, and empty.</summary>
    Reserved,

    /// <summary>It is zeros, and about to be unmapped.</summary>
    Wiped,

    /// <summary>It is about to be unmapped here and goes on as a code image that nobody can write.</summary>
    Sealed,
}
