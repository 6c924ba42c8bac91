using System.Security.Cryptography;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>The packages whose every change must be refused: of one or two kilobytes, and of several segments.</summary>
internal static class Packages
{
    private static readonly DataType Float32 = new(2, 32, 1), Float64 = new(2, 64, 1), Float16 = new(2, 16, 1), Int64 = new(0, 64, 1), UInt8 = new(1, 8, 1), Bool = new(1, 1, 1);

    internal static readonly ModelSpec[] Small =
    [
        new("all-sealed") { Tensors = [("w", Float32, [4, 4]), ("b", Float32, [8])] },
        new("all-sealed-chacha")
        {
            Suite = CipherSuite.ChaCha20Poly1305,
            Tensors = [("w", Float32, [4, 4]), ("b", Float32, [8])],
            NotAfter = new DateTimeOffset(9000, 1, 1, 0, 0, 0, TimeSpan.Zero),
        },
        new("empty") { Tensors = [("none", Float32, [0, 3]), ("w", Float32, [12]), ("clear-none", Int64, [2, 0])], ClearTensors = ["clear-none"] },
        new("scalars")
        {
            Suite = CipherSuite.ChaCha20Poly1305,
            Tensors = [("s", Float64, []), ("c", UInt8, []), ("w", Float16, [1, 2, 16]), ("mask", Bool, [3])],
            ClearTensors = ["c"],
            ClearGraph = true,
        },
        new("all-clear") { Tensors = [("w", Float32, [8]), ("b", Int64, [])], ClearTensors = ["w", "b"], ClearCode = true, ClearGraph = true },
        new("all-clear-chacha") { Suite = CipherSuite.ChaCha20Poly1305, Tensors = [("w", Float32, [8])], ClearTensors = ["w"], ClearCode = true, ClearGraph = true },
        new("clear-code") { Suite = CipherSuite.ChaCha20Poly1305, Tensors = [("w", UInt8, [40]), ("b", UInt8, [8])], ClearTensors = ["b"], ClearCode = true },
        new("clear-graph") { Tensors = [("w", UInt8, [48])], ClearGraph = true },
        new("no-tensors") { Constants = 900 },
        new("no-tensors-chacha") { Suite = CipherSuite.ChaCha20Poly1305, ClearGraph = true },
        new("signed") { Tensors = [("w", Float32, [8])], SignedOn = ECCurve.NamedCurves.nistP256 },
        new("parameters") { Tensors = [("w", Float32, [4, 4]), ("none", Int64, [0]), ("c", Bool, [3])], ClearTensors = ["c"], HasCode = false, HasGraph = false },
        new("nothing-signed") { Suite = CipherSuite.ChaCha20Poly1305, HasCode = false, HasGraph = false, SignedOn = ECCurve.NamedCurves.nistP384 },
        new("no-code") { Tensors = [("w", Float32, [8])], HasCode = false, ClearGraph = true },
    ];

    /// <summary>Of segments of 64 KiB: tensors of 2 to 4 with odd ends, and code and graph of 2.</summary>
    internal static readonly ModelSpec[] Large =
    [
        new("segments")
        {
            Tensors = [("two", UInt8, [65_537]), ("three", Float32, [3, 16_384]), ("four", UInt8, [(4 * 65_536) - 1]), ("one", UInt8, [7])],
            ClearTensors = ["three"],
            Constants = 70_000,
            Padding = 70_000,
        },
        new("segments-chacha")
        {
            Suite = CipherSuite.ChaCha20Poly1305,
            Tensors = [("two", UInt8, [(2 * 65_536) - 5]), ("three", UInt8, [(2 * 65_536) + 1]), ("clear", UInt8, [65_537])],
            ClearTensors = ["clear"],
            Constants = 70_000,
            Padding = 70_000,
            ClearCode = true,
        },
        new("segments-parameters") { Tensors = [("two", UInt8, [65_540]), ("clear", UInt8, [65_536 + 1])], ClearTensors = ["clear"], HasCode = false, HasGraph = false },
    ];
}
