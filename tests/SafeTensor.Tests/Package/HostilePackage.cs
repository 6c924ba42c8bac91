using System.Buffers.Binary;
using System.Text;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Writes packages that no writer would: any names, any header, any body, and files with holes. Its header and body may be authentic all the same.</summary>
internal sealed class HostilePackage
{
    internal static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    internal IReadOnlyList<byte[]> Names { get; init; } = [];

    /// <summary>What the list of names claims to have; <see langword="null"/> for the truth.</summary>
    internal ulong? NameCount { get; init; }

    internal byte[] Body { get; init; } = new HostileBody().Encode();

    internal long TagCount { get; init; }

    internal int SegmentSize { get; init; } = 64 << 10;

    /// <summary>What the manifest's record claims; <see langword="null"/> for the truth.</summary>
    internal ulong? ManifestLength { get; init; }

    /// <summary>Changes the header after it was authenticated.</summary>
    internal Action<byte[]>? Header { get; init; }

    /// <summary>Changes the manifest's record.</summary>
    internal Action<byte[]>? Record { get; init; }

    /// <summary>Of the file, with a hole at its end; 0 for no hole.</summary>
    internal long FileLength { get; init; }

    /// <returns>The package's folder.</returns>
    internal string WriteTo(TemporaryFolder folder)
    {
        var package = Directory.CreateDirectory(folder[Guid.NewGuid().ToString("n")]).FullName;
        using var file = File.Create(Path.Combine(package, "mod.params"));
        WriteNames(file);
        var length = (ulong)(ManifestHeader.Length + Body.Length + (ManifestHeader.TagLength * TagCount));
        var record = new byte[ParamsFormat.RecordLength(1)];
        ParamsFormat.WriteRecord(record, SealedParams.ManifestType, [(long)(ManifestLength ?? length)], (long)(ManifestLength ?? length));
        Record?.Invoke(record);
        file.Write(record);
        var tags = new byte[ManifestHeader.TagLength * TagCount];
        using var keys = new KeySchedule(Key, new byte[ManifestHeader.SaltLength], CipherSuite.Aes256Gcm);
        var header = ManifestHeader.Create(
            CipherSuite.Aes256Gcm, SegmentSize, new byte[ManifestHeader.SaltLength], new byte[ManifestHeader.FileIdLength], Body, tags, keys).Bytes.ToArray();
        Header?.Invoke(header);
        file.Write(header);
        file.Write(Body);
        file.SetLength(Math.Max(FileLength, file.Position + tags.Length));
        return package;
    }

    private void WriteNames(FileStream file)
    {
        Span<byte> number = stackalloc byte[ParamsFormat.PreambleLength];
        ParamsFormat.WritePreamble(number, NameCount ?? ((ulong)Names.Count + 1));
        file.Write(number);
        foreach (var name in Names.Prepend(Encoding.UTF8.GetBytes(Manifest.TensorName)))
        {
            BinaryPrimitives.WriteInt64LittleEndian(number, name.Length);
            file.Write(number[..8]);
            file.Write(name);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(number, NameCount ?? ((ulong)Names.Count + 1));
        file.Write(number[..8]);
    }
}
