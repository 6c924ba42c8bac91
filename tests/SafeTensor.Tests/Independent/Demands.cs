namespace SafeTensor.Tests.Independent;

/// <summary>What a caller demands of a package.</summary>
internal sealed record Demands
{
    internal static Demands None { get; } = new();

    internal string? ModelId { get; init; }

    internal ulong LowestVersion { get; init; }

    /// <summary>Seconds since 1970-01-01 UTC, to compare not-after with; null to compare it with nothing.</summary>
    internal ulong? Now { get; init; }

    /// <summary>One of them must have signed; none where no signature is demanded.</summary>
    internal PublisherPair[] Trusted { get; init; } = [];

    /// <summary>Whether to compare the roots of encrypted tensors too, which opening does not unless publishers are trusted.</summary>
    internal bool EveryRoot { get; init; }
}
