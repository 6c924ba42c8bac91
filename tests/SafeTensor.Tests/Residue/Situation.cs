namespace SafeTensor.Tests;

/// <summary>In which a process is that crashes.</summary>
[Flags]
public enum Situation
{
    /// <summary>A user's, who is not root, and nothing was done against dumps.</summary>
    Plain = 0,

    /// <summary>It loaded its weights into secret memory.</summary>
    SecretWeights = 1,

    /// <summary>It called <see cref="Runtime.ProcessHardening.Apply"/>.</summary>
    Hardened = 2,

    /// <summary>It is root's.</summary>
    Root = 4,

    /// <summary>It gave its weights to the runtime.</summary>
    LoadParams = 8,

    /// <summary>Its system has no secret memory, not even for keys.</summary>
    NoSecretMemory = 16,
}
