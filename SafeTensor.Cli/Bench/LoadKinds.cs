namespace SafeTensor.Cli.Bench;

/// <summary>What is to be known of each <see cref="LoadKind"/>.</summary>
internal static class LoadKinds
{
    /// <summary>The ways to load, in the order of the report.</summary>
    internal static IReadOnlyList<LoadKind> Loads { get; } =
    [
        LoadKind.PlainRead, LoadKind.LoadPlain, LoadKind.StockLoadParams, LoadKind.SealedInPlace, LoadKind.SealedPinned, LoadKind.SealedLoadParams,
        LoadKind.SecretWeights,
    ];

    internal static IReadOnlyList<LoadKind> Floors { get; } = [LoadKind.FloorAes, LoadKind.FloorPread, LoadKind.FloorFirstTouch];

    /// <summary>Scripts depend on these.</summary>
    internal static string Name(this LoadKind kind) => kind switch
    {
        LoadKind.PlainRead => "plain read",
        LoadKind.LoadPlain => "LoadPlain",
        LoadKind.StockLoadParams => "stock load_params",
        LoadKind.SealedInPlace => "sealed in place",
        LoadKind.SealedPinned => "sealed, publisher pinned",
        LoadKind.SealedLoadParams => "sealed load_params",
        LoadKind.SecretWeights => "secret weights",
        LoadKind.FloorAes => "AES alone",
        LoadKind.FloorPread => "pread alone",
        LoadKind.FloorFirstTouch => "first touch alone",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>Whether it opens the sealed package, and so needs its key.</summary>
    internal static bool IsSealed(this LoadKind kind) =>
        kind is LoadKind.SealedInPlace or LoadKind.SealedPinned or LoadKind.SealedLoadParams or LoadKind.SecretWeights;

    /// <summary>Whether it is the library that loads, with the options that it takes.</summary>
    internal static bool IsOurs(this LoadKind kind) => kind == LoadKind.LoadPlain || kind.IsSealed();

    /// <summary>A model that is loaded has its first executor; what is only read has none.</summary>
    internal static int Sessions(this LoadKind kind) => kind == LoadKind.StockLoadParams || kind.IsOurs() ? 1 : 0;

    /// <summary>TVM's hosts read and hand over on one thread; everything here does so on all.</summary>
    internal static int Threads(this LoadKind kind) => kind == LoadKind.StockLoadParams ? 1 : Environment.ProcessorCount;
}
