using System.Buffers.Binary;
using CsCheck;

namespace SafeTensor.Tests;

/// <summary>A change to some bytes: what a parser must refuse or read as a slower one does.</summary>
internal sealed record RandomEdit(int Kind, double At, int Length, byte Value, ulong Number)
{
    private static readonly ulong[] Ends = [127, 255, 256, 1024, 1025, 65_535, 65_536, int.MaxValue, 1ul << 31, 1ul << 32, long.MaxValue, 1ul << 63, ulong.MaxValue];

    /// <summary>Numbers around the ends of every integer type, and small ones.</summary>
    private static readonly Gen<ulong> Numbers = Gen.OneOf(
        Gen.ULong[0, 40], Gen.OneOf(Ends));

    /// <summary>One to three of them, one after the other.</summary>
    internal static readonly Gen<RandomEdit[]> Some =
        Gen.Select(Gen.Int[0, 6], Gen.Double[0, 1], Gen.Int[1, 12], Gen.Byte, Numbers, (kind, at, length, value, number) => new RandomEdit(kind, at, length, value, number)).Array[1, 3];

    internal static byte[] Apply(byte[] bytes, IEnumerable<RandomEdit> edits) => edits.Aggregate(bytes, (before, edit) => edit.Of(before));

    private byte[] Of(byte[] bytes)
    {
        var at = (int)(At * bytes.Length);
        var end = Math.Min(bytes.Length, at + Length);
        var copy = bytes.ToArray();
        switch (Kind)
        {
            case 0 when at < copy.Length:
                copy[at] ^= (byte)(1 << (Value % 8));
                return copy;
            case 1 when at < copy.Length:
                copy[at] = Value;
                return copy;
            case 2 when at + 8 <= copy.Length:
                BinaryPrimitives.WriteUInt64LittleEndian(copy.AsSpan(at), Number);
                return copy;
            case 3: return [.. bytes[..at], .. bytes[end..]];
            case 4: return [.. bytes[..end], .. bytes[at..]];
            case 5: return [.. bytes[..at], Value, .. bytes[at..]];
            default: return bytes[..at];
        }
    }
}
