namespace SafeTensor.Cli.Bench;

/// <summary>What <c>bench load</c> measures: ways to load one model, and what none of them can do without.</summary>
internal enum LoadKind
{
    /// <summary>The plain parameters file into fresh memory, and no more.</summary>
    PlainRead,

    /// <summary><see cref="Runtime.SafeModel.LoadPlain"/>.</summary>
    LoadPlain,

    /// <summary>What a host of TVM does, <see cref="StockLoad"/>.</summary>
    StockLoadParams,

    /// <summary>Sealed, decrypted where the executor uses it.</summary>
    SealedInPlace,

    /// <summary>The same with a trusted publisher, so that every hash is checked too.</summary>
    SealedPinned,

    /// <summary>Sealed, handed to the runtime one tensor at a time.</summary>
    SealedLoadParams,

    /// <summary>Sealed, in <c>memfd_secret</c> memory.</summary>
    SecretWeights,

    /// <summary>AES-256-GCM alone, in memory that is there already.</summary>
    FloorAes,

    /// <summary>Reads alone, into memory that is there already.</summary>
    FloorPread,

    /// <summary>The first touch of fresh memory alone.</summary>
    FloorFirstTouch,
}
