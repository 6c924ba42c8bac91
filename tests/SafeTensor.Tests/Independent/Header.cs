using System.Buffers.Binary;
using System.Numerics;

namespace SafeTensor.Tests.Independent;

/// <summary>The header of a manifest: docs/format.md, section 4.</summary>
internal sealed record Header(int Suite, int SegmentSize, int BodyLength, int TagCount, byte[] Salt, byte[] FileId, byte[] Commitment, byte[] RestHash, byte[] Mac)
{
    internal const int Length = 176, MacOffset = 144;

    private const int MinSegmentSize = 65_536, MaxSegmentSize = 4_194_304;

    private static byte[] Magic => "SAFETNSR"u8.ToArray();

    /// <summary>The bytes that the HMAC is of.</summary>
    internal byte[] Authenticated
    {
        get
        {
            var bytes = new byte[MacOffset];
            Magic.CopyTo(bytes, 0);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), 1);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(10), (ushort)Suite);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), SegmentSize);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), BodyLength);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), TagCount);
            Salt.CopyTo(bytes, 32);
            FileId.CopyTo(bytes, 64);
            Commitment.CopyTo(bytes, 80);
            RestHash.CopyTo(bytes, 112);
            return bytes;
        }
    }

    internal byte[] Bytes => [.. Authenticated, .. Mac];

    /// <summary>Of a manifest, which is not shorter.</summary>
    internal static Header Parse(ReadOnlySpan<byte> manifest)
    {
        Require(manifest.StartsWith(Magic), FormatError.NotEncrypted, "no SAFETNSR");
        var (version, suite) = (BinaryPrimitives.ReadUInt16LittleEndian(manifest[8..]), BinaryPrimitives.ReadUInt16LittleEndian(manifest[10..]));
        var segmentSize = BinaryPrimitives.ReadUInt32LittleEndian(manifest[12..]);
        var (body, tags) = (BinaryPrimitives.ReadUInt64LittleEndian(manifest[16..]), BinaryPrimitives.ReadUInt64LittleEndian(manifest[24..]));
        Require(version == 1, FormatError.UnsupportedFormat, $"version {version}");
        Require(suite is 1 or 2, FormatError.UnsupportedFormat, $"suite {suite}");
        Require(BitOperations.IsPow2(segmentSize) && segmentSize is >= MinSegmentSize and <= MaxSegmentSize, FormatError.UnsupportedFormat, $"segments of {segmentSize}");
        var sum = Length + (UInt128)body + ((UInt128)Crypto.TagLength * tags);
        Require(sum == (UInt128)manifest.Length, FormatError.UnsupportedFormat, "body and tags are not the manifest's rest");
        return new(
            suite, (int)segmentSize, (int)body, (int)tags, manifest[32..64].ToArray(), manifest[64..80].ToArray(), manifest[80..112].ToArray(),
            manifest[112..144].ToArray(), manifest[144..176].ToArray());
    }

    private static void Require(bool right, FormatError error, string message) => RefusedPackageException.Unless(right, error, message);
}
