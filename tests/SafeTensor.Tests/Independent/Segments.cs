using System.Buffers.Binary;

namespace SafeTensor.Tests.Independent;

/// <summary>How parts are cut into segments, and how each is encrypted: docs/format.md, sections 6 and 7.</summary>
internal static class Segments
{
    internal const uint FirstFile = 1u << 31;

    internal static Int128 Count(long length, int segmentSize) => Int128.Max(1, ((Int128)length + segmentSize - 1) / segmentSize);

    internal static byte[][] Split(byte[] part, int segmentSize) => part.Length == 0 ? [[]] : [.. part.Chunk(segmentSize)];

    internal static uint Number(int index, int tensors) => index < tensors ? (uint)index : FirstFile + (uint)(index - tensors);

    internal static byte[] Nonce(uint part, uint segment, bool last)
    {
        var nonce = new byte[12];
        BinaryPrimitives.WriteUInt32BigEndian(nonce.AsSpan(3), part);
        BinaryPrimitives.WriteUInt32BigEndian(nonce.AsSpan(7), segment);
        nonce[11] = last ? (byte)1 : (byte)0;
        return nonce;
    }

    internal static byte[] AssociatedData(byte[] fileId, long partLength)
    {
        var data = new byte[fileId.Length + 8];
        fileId.CopyTo(data, 0);
        BinaryPrimitives.WriteInt64BigEndian(data.AsSpan(fileId.Length), partLength);
        return data;
    }

    internal static byte[] Root(byte[] stored, int segmentSize) =>
        Crypto.Sha256([[1], .. Split(stored, segmentSize).Select(segment => Crypto.Sha256([0], segment))]);

    /// <summary>The stored bytes of a part, and its tags.</summary>
    internal static (byte[] Stored, byte[][] Tags) Encrypt(byte[] plaintext, uint part, int segmentSize, int suite, byte[] dataKey, byte[] fileId)
    {
        var segments = Split(plaintext, segmentSize);
        var associated = AssociatedData(fileId, plaintext.Length);
        var sealedSegments = segments.Select((segment, i) => Crypto.Encrypt(suite, dataKey, Nonce(part, (uint)i, i == segments.Length - 1), associated, segment)).ToArray();
        return (Join([.. sealedSegments.Select(segment => segment[..^Crypto.TagLength])]), [.. sealedSegments.Select(segment => segment[^Crypto.TagLength..])]);
    }

    internal static byte[] Join(params byte[][] pieces)
    {
        using var joined = new MemoryStream(pieces.Sum(piece => piece.Length));
        foreach (var piece in pieces)
        {
            joined.Write(piece);
        }

        return joined.ToArray();
    }

    /// <summary>The plaintext of a part; null where a tag does not fit.</summary>
    internal static byte[]? Decrypt(byte[] stored, ReadOnlySpan<byte> tags, uint part, int segmentSize, int suite, byte[] dataKey, byte[] fileId)
    {
        var segments = Split(stored, segmentSize);
        var associated = AssociatedData(fileId, stored.Length);
        var plaintext = new byte[segments.Length][];
        for (var i = 0; i < segments.Length; i++)
        {
            var tag = tags.Slice(Crypto.TagLength * i, Crypto.TagLength);
            if (Crypto.Decrypt(suite, dataKey, Nonce(part, (uint)i, i == segments.Length - 1), associated, [.. segments[i], .. tag]) is not { } opened)
            {
                return null;
            }

            plaintext[i] = opened;
        }

        return Join(plaintext);
    }
}
