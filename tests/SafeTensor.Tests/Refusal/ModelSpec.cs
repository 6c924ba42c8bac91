using System.Security.Cryptography;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>A model to make, and how to seal it.</summary>
/// <param name="Name">For messages, and as the model's id.</param>
internal sealed record ModelSpec(string Name)
{
    internal CipherSuite Suite { get; init; } = CipherSuite.Aes256Gcm;

    internal (string Name, DataType Type, long[] Shape)[] Tensors { get; init; } = [];

    internal string[] ClearTensors { get; init; } = [];

    internal bool HasCode { get; init; } = true;

    internal bool HasGraph { get; init; } = true;

    internal bool ClearCode { get; init; }

    internal bool ClearGraph { get; init; }

    /// <summary>Bytes that the code has beyond what it needs.</summary>
    internal int Constants { get; init; }

    /// <summary>Bytes that the graph has beyond what it needs.</summary>
    internal int Padding { get; init; }

    internal DateTimeOffset? NotAfter { get; init; }

    /// <summary>Of the key of a publisher who signs it and is pinned; <see langword="null"/> for none.</summary>
    internal ECCurve? SignedOn { get; init; }

    internal SealOptions Options(ulong version, ECDsa? signer) => new()
    {
        ModelId = Name,
        ModelVersion = version,
        Suite = Suite,
        SegmentSize = 64 << 10,
        ClearTensors = ClearTensors,
        ClearCode = ClearCode,
        ClearGraph = ClearGraph,
        NotAfter = NotAfter,
        Producer = "tests",
        Signer = signer,
    };

    public override string ToString() => Name;
}
