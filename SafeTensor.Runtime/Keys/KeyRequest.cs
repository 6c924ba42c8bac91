namespace SafeTensor.Runtime;

/// <summary>Which package a key is asked for. Nothing in it is secret, and nothing in it is authenticated yet.</summary>
public sealed record KeyRequest
{
    /// <summary>Of the sealing, 16 bytes: what a key service can know the package by.</summary>
    public ReadOnlyMemory<byte> FileId { get; init; }
}
