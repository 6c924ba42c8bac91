using System.Buffers.Binary;
using System.Numerics;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Which error docs/format.md names for changed bytes: its section 8 followed over the file, and section 9 for the place where that ends.</summary>
/// <remarks>Written from that page alone. It has no key: what the key would tell, it knows from the bytes that were sealed.</remarks>
internal static class ExpectedRefusal
{
    internal const string Accepted = "accepted", MissingFile = nameof(FileNotFoundException);

    /// <summary>Of changed code or graph.</summary>
    internal const string WrongPackage = nameof(SafeModelError.WrongPackage);

    private const string NotEncrypted = nameof(SafeModelError.NotEncrypted), Unsupported = nameof(SafeModelError.UnsupportedFormat);
    private const string Limit = nameof(SafeModelError.LimitExceeded), Tampered = nameof(SafeModelError.Tampered), WrongKey = nameof(SafeModelError.WrongKey);

    private const int HeaderLength = 176, RecordLength = 48;
    private const ulong MaxTensors = 262_144, MaxName = 1024, MaxNames = 16 << 20, MaxManifest = 64 << 20;

    /// <param name="file">What <c>mod.params</c> is now.</param>
    /// <param name="sealings">What it was in all sealings with this key whose bytes can be in it.</param>
    internal static string OfParams(ReadOnlySpan<byte> file, params ReadOnlySpan<byte[]> sealings)
    {
        if (Walk(file, out var header, out var manifest) is { } error)
        {
            return error;
        }

        var place = file.Slice(header, manifest);
        error = WrongKey;
        foreach (var sealing in sealings)
        {
            Walk(sealing, out var sealedHeader, out var sealedManifest);
            var original = sealing.AsSpan(sealedHeader, sealedManifest);
            if (!SameKeys(place, original))
            {
                continue;
            }

            // The HMAC, then the digest, then all that follows from the manifest, then the tensors' tags and roots.
            if (file.SequenceEqual(sealing))
            {
                return Accepted;
            }

            error = Tampered;
        }

        return error;
    }

    // Steps 1 and 2.
    private static string? Walk(ReadOnlySpan<byte> file, out int header, out int manifest)
    {
        (header, manifest) = (0, 0);
        if (file.Length < 8 || U64(file, 0) != 0xF7E58D4F05049CB7 || file.Length < 24)
        {
            return NotEncrypted;
        }

        var count = U64(file, 16);
        if (count > MaxTensors + 1)
        {
            return Limit;
        }

        if (count == 0 || file.Length < 46 || U64(file, 24) != 14 || !file[32..46].SequenceEqual("__safetensor__"u8))
        {
            return NotEncrypted;
        }

        ulong at = 46;
        for (ulong i = 1; i < count; i++)
        {
            if (at + 8 > (ulong)file.Length)
            {
                return Tampered;
            }

            var length = U64(file, (int)at);
            if (length > MaxName || at + 8 + length > MaxNames)
            {
                return Limit;
            }

            at += 8 + length;
        }

        // The number of tensors.
        at += 8;
        if (at + RecordLength > (ulong)file.Length)
        {
            return Tampered;
        }

        header = (int)at + RecordLength;
        return Record(file.Slice((int)at, RecordLength), (ulong)(file.Length - header), out manifest) ?? Header(file[header..], (ulong)manifest);
    }

    private static string? Record(ReadOnlySpan<byte> record, ulong rest, out int manifest)
    {
        manifest = 0;
        var length = U64(record, 40);
        if (length > MaxManifest)
        {
            return Limit;
        }

        var isRecord = U64(record, 0) == 0xDD5E40F096B4A13F && U64(record, 8) == 0
            && U32(record, 16) == 1 && U32(record, 20) == 0 && U32(record, 24) == 1
            && record[28] == 1 && record[29] == 8 && U16(record, 30) == 1 && U64(record, 32) == length;
        manifest = (int)length;
        return !isRecord ? Tampered : length < HeaderLength ? Unsupported : length > rest ? Tampered : null;
    }

    private static string? Header(ReadOnlySpan<byte> header, ulong manifest)
    {
        var segment = U32(header, 12);
        return !header[..8].SequenceEqual("SAFETNSR"u8) ? NotEncrypted
            : U16(header, 8) != 1 || U16(header, 10) is not (1 or 2) ? Unsupported
            : segment is < 65_536 or > 4_194_304 || !BitOperations.IsPow2(segment) ? Unsupported
            : (UInt128)HeaderLength + U64(header, 16) + ((UInt128)16 * U64(header, 24)) != manifest ? Unsupported
            : null;
    }

    // The commitment is one of suite and salt.
    private static bool SameKeys(ReadOnlySpan<byte> header, ReadOnlySpan<byte> other) =>
        U16(header, 10) == U16(other, 10) && header[32..64].SequenceEqual(other[32..64]) && header[80..112].SequenceEqual(other[80..112]);

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
}
