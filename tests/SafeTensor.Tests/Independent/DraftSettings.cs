namespace SafeTensor.Tests.Independent;

/// <summary>How a package is sealed. Salt and file id can be given, as only tests may have it.</summary>
internal sealed record DraftSettings(byte[] ModelKey, int Suite = 1, int SegmentSize = 1 << 20)
{
    internal byte[] Salt { get; init; } = Crypto.Random(32);

    internal byte[] FileId { get; init; } = Crypto.Random(16);
}
