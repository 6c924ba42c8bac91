using System.Buffers.Binary;
using System.Numerics;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Which error docs/format.md names for changed bytes: its section 8 followed over the files, and section 9 for the place where that ends.</summary>
/// <remarks>Written from that page alone. It has no key: what the key would tell, it knows from the bytes that were sealed with it.</remarks>
/// <param name="sealings">All that the changed bytes can be of: files by name.</param>
/// <param name="isPinned">Whether a publisher is pinned, who signed each of them.</param>
internal sealed class ExpectedRefusal(Dictionary<string, byte[]>[] sealings, bool isPinned)
{
    internal const string Accepted = "accepted", MissingFile = nameof(FileNotFoundException);

    /// <summary>Of <c>mod.sig</c>, changed or missing, where a publisher is pinned.</summary>
    internal const string SignatureInvalid = nameof(SafeModelError.SignatureInvalid);

    private const string WrongPackage = nameof(SafeModelError.WrongPackage), NotEncrypted = nameof(SafeModelError.NotEncrypted), Unsupported = nameof(SafeModelError.UnsupportedFormat);
    private const string Limit = nameof(SafeModelError.LimitExceeded), Tampered = nameof(SafeModelError.Tampered), WrongKey = nameof(SafeModelError.WrongKey);

    private const int HeaderLength = 176, RecordLength = 48;
    private const ulong MaxTensors = 262_144, MaxName = 1024, MaxNames = 16 << 20, MaxManifest = 64 << 20;

    // Of each sealing, where the data of its tensors is.
    private readonly Piece[][] _data = [.. sealings.Select(sealing => PackagePieces.OfParams(sealing[SmallPackage.Params]).Where(piece => piece.Kind == "data").ToArray())];

    /// <param name="files">All that the folder holds now.</param>
    internal string Of(Dictionary<string, byte[]> files)
    {
        ReadOnlySpan<byte> file = files[SmallPackage.Params];
        if (Walk(file, out var at) is { } error)
        {
            return error;
        }

        var header = file.Slice(at, HeaderLength);
        if (isPinned && !IsSigned(header, files[SmallPackage.Signature]))
        {
            return SignatureInvalid;
        }

        for (var i = 0; i < sealings.Length; i++)
        {
            if (SameKeys(header, HeaderOf(sealings[i])))
            {
                // Without an end in steps 4 and 5, all but the tensors' data is as it was; code and graph come before those.
                var isPackage = SameButForData(file, i);
                return isPackage && sealings[i].Any(part => part.Key != SmallPackage.Params && !Same(part.Value, files[part.Key])) ? WrongPackage
                    : isPackage && Same(file, sealings[i][SmallPackage.Params]) ? Accepted
                    : Tampered;
            }
        }

        return WrongKey;
    }

    private bool IsSigned(ReadOnlySpan<byte> header, byte[] signature)
    {
        foreach (var sealing in sealings)
        {
            if (Same(signature, sealing[SmallPackage.Signature]))
            {
                return Same(header, HeaderOf(sealing));
            }
        }

        return false;
    }

    private bool SameButForData(ReadOnlySpan<byte> file, int sealing)
    {
        ReadOnlySpan<byte> original = sealings[sealing][SmallPackage.Params];
        var from = 0;
        foreach (var data in _data[sealing])
        {
            if (file.Length != original.Length || !Same(file[from..data.Start], original[from..data.Start]))
            {
                return false;
            }

            from = data.End;
        }

        return Same(file[Math.Min(from, file.Length)..], original[from..]);
    }

    private static ReadOnlySpan<byte> HeaderOf(Dictionary<string, byte[]> sealing)
    {
        Walk(sealing[SmallPackage.Params], out var at);
        return sealing[SmallPackage.Params].AsSpan(at, HeaderLength);
    }

    private static bool Same(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) => one.SequenceEqual(other);

    // Steps 1 and 2.
    private static string? Walk(ReadOnlySpan<byte> file, out int header)
    {
        header = 0;
        if (file.Length < 8 || U64(file, 0) != 0xF7E58D4F05049CB7 || file.Length < 24)
        {
            return NotEncrypted;
        }

        var count = U64(file, 16);
        if (count == 0 || file.Length < 46 || U64(file, 24) != 14 || !file[32..46].SequenceEqual("__safetensor__"u8))
        {
            return NotEncrypted;
        }

        if (count > MaxTensors + 1)
        {
            return Limit;
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
        return Record(file.Slice((int)at, RecordLength), (ulong)(file.Length - header), out var manifest) ?? Header(file[header..], manifest);
    }

    private static string? Record(ReadOnlySpan<byte> record, ulong rest, out ulong manifest)
    {
        var length = manifest = U64(record, 40);
        if (length > MaxManifest)
        {
            return Limit;
        }

        var isRecord = U64(record, 0) == 0xDD5E40F096B4A13F && U64(record, 8) == 0
            && U32(record, 16) == 1 && U32(record, 20) == 0 && U32(record, 24) == 1
            && record[28] == 1 && record[29] == 8 && U16(record, 30) == 1 && U64(record, 32) == length;
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
