namespace SafeTensor.Tests.Independent;

/// <summary>What the body says of a tensor or a file.</summary>
internal abstract record Part(long Length, bool IsEncrypted, byte[] Root)
{
    internal const int RootLength = 32;

    /// <summary>A root that is not known yet, in its length.</summary>
    internal static byte[] NoRoot { get; } = new byte[RootLength];
}
