using System.Buffers.Binary;

namespace SafeTensor.Runtime;

/// <summary>A package's mod.params, opened as far as can be without the key: up to the manifest's header (steps 1 and 2 of a load).</summary>
internal sealed class SealedParams : IDisposable
{
    private static readonly byte[] ManifestName = [.. "__safetensor__"u8];

    private SealedParams(PackageFolder folder, PackageFile file, ManifestHeader header, long manifestOffset)
    {
        Folder = folder;
        File = file;
        Header = header;
        ManifestOffset = manifestOffset;
    }

    /// <summary>Where the package's other files are; closed with this.</summary>
    internal PackageFolder Folder { get; }

    internal PackageFile File { get; }

    internal ManifestHeader Header { get; }

    /// <summary>Of the manifest's first byte in the file.</summary>
    internal long ManifestOffset { get; }

    /// <exception cref="FileNotFoundException">There is no mod.params in <paramref name="directory"/>.</exception>
    /// <exception cref="SafeModelException">It is not sealed, of an unknown format, above a limit, or damaged.</exception>
    internal static SealedParams Open(string directory)
    {
        var folder = PackageFolder.Open(directory);
        PackageFile? file = null;
        try
        {
            file = folder.OpenFile(ModelPackage.ParamsName);
            var offset = SkipNames(file);
            var length = ReadManifestRecord(file, ref offset);
            Span<byte> bytes = stackalloc byte[ManifestHeader.Length];
            file.Read(offset, bytes);
            return new SealedParams(folder, file, ManifestHeader.Parse(bytes, length, file.Name), offset);
        }
        catch
        {
            file?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Body and tags; authenticated only by <see cref="ManifestHeader.AuthenticateRest"/>.</summary>
    internal byte[] ReadRest()
    {
        var rest = GC.AllocateUninitializedArray<byte>(Header.RestLength);
        File.Read(ManifestOffset + ManifestHeader.Length, rest);
        return rest;
    }

    public void Dispose()
    {
        File.Dispose();
        Folder.Dispose();
    }

    // The names are compared with the manifest later; here they are only passed over, within their limits.
    private static long SkipNames(PackageFile file)
    {
        Span<byte> preamble = stackalloc byte[ParamsFormat.PreambleLength];
        if (file.Length < preamble.Length)
        {
            throw NotSealed(file);
        }

        file.Read(0, preamble);
        if (BinaryPrimitives.ReadUInt64LittleEndian(preamble) != ParamsFormat.ListMagic)
        {
            throw NotSealed(file);
        }

        var count = BinaryPrimitives.ReadUInt64LittleEndian(preamble[16..]);
        file.RequireAtMost("tensors", count, ParamsFormat.MaxTensors + 1);
        long offset = preamble.Length;
        Span<byte> length = stackalloc byte[8];
        Span<byte> name = stackalloc byte[ManifestName.Length];
        for (ulong i = 0; i < count; i++)
        {
            file.Read(offset, length);
            var bytes = BinaryPrimitives.ReadUInt64LittleEndian(length);
            if (i == 0)
            {
                if (bytes != (ulong)ManifestName.Length)
                {
                    throw NotSealed(file);
                }

                file.Read(offset + 8, name);
                if (!name.SequenceEqual(ManifestName))
                {
                    throw NotSealed(file);
                }
            }

            file.RequireAtMost("bytes in a name", bytes, ParamsFormat.MaxNameLength);
            offset += 8 + (long)bytes;
            file.RequireAtMost("bytes of names", (ulong)offset, ParamsFormat.MaxNamesLength);
        }

        return count == 0 ? throw NotSealed(file) : offset + 8;
    }

    private static long ReadManifestRecord(PackageFile file, ref long offset)
    {
        Span<byte> record = stackalloc byte[ParamsFormat.RecordLength(1)];
        Span<byte> expected = stackalloc byte[ParamsFormat.RecordLength(1)];
        file.Read(offset, record);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(record[^8..]);
        file.RequireAtMost("bytes of manifest", length, ManifestHeader.MaxManifestLength);
        ParamsFormat.WriteRecord(expected, ManifestType, [(long)length], (long)length);
        offset += record.Length;
        if (!record.SequenceEqual(expected) || (long)length < ManifestHeader.Length || (long)length > file.Length - offset)
        {
            throw new SafeModelException(SafeModelError.Tampered, file.Name, "has a manifest record that was changed, or is cut off. Get the package again.");
        }

        return (long)length;
    }

    /// <summary>uint8.</summary>
    internal static DataType ManifestType => new(Code: 1, Bits: 8, Lanes: 1);

    private static SafeModelException NotSealed(PackageFile file) => new(
        SafeModelError.NotEncrypted, file.Name,
        "is not a sealed package. Seal the model with ModelSealer or `safetensor seal`, or load it unprotected with SafeModel.LoadPlain.");
}
