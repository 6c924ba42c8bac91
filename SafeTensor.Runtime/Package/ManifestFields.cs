namespace SafeTensor.Runtime;

/// <summary>The manifest's body: one CBOR map (RFC 8949) in CTAP2's canonical form, so that one manifest has one encoding.</summary>
internal static class ManifestFields
{
    internal const ulong ModelId = 1, ModelVersion = 2, Created = 3, NotAfter = 4, Producer = 5, Tensors = 6, Files = 7;

    /// <summary>Name, type code, bits, shape, byte length, flags, root.</summary>
    internal const int TensorFieldCount = 7;

    /// <summary>Name, kind, byte length, flags, root.</summary>
    internal const int FileFieldCount = 5;

    /// <summary>What one tensor takes beside its name, and everything else, at most: twice what this version writes, as room for negative keys.</summary>
    internal const int MaxTensorBytes = 512, MaxOtherBytes = 64 << 10;

    /// <summary>As deep as CTAP2's form nests: body, list, tensor, shape.</summary>
    internal const int MaxDepth = 4;

    /// <summary>Data items in the values of all negative keys. Each takes more time than the byte that it may be.</summary>
    internal const int MaxIgnoredItems = 16 << 10;

    /// <summary>The one flag there is.</summary>
    internal const ulong Encrypted = 1;
}
