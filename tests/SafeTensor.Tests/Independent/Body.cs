namespace SafeTensor.Tests.Independent;

/// <summary>The body of a manifest. <see cref="Ignored"/> holds what stands under the negative keys, keys and values by turns.</summary>
internal sealed record Body(string ModelId, ulong ModelVersion, ulong Created, TensorPart[] Tensors, FilePart[] Files)
{
    internal ulong? NotAfter { get; init; }

    internal string? Producer { get; init; }

    internal CborItem[] Ignored { get; init; } = [];

    /// <summary>All of them, in a new array.</summary>
    internal Part[] Parts() => [.. Tensors, .. Files];
}
