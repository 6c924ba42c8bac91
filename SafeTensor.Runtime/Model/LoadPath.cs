namespace SafeTensor.Runtime;

/// <summary>How parameters reach the executor.</summary>
public enum LoadPath
{
    /// <summary>The best for the device: in place on the CPU.</summary>
    Auto,

    /// <summary>Decrypted to where the executor reads them: one copy, protected and shared by all runs.</summary>
    InPlace,

    /// <summary>Handed to the runtime one tensor at a time; it keeps them in memory of its own, which is not protected.</summary>
    LoadParams,
}
