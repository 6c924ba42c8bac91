using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SafeTensor.Runtime;

/// <summary>A package's mod.params, opened as far as can be without the key: up to the manifest's header (steps 1 and 2 of a load).</summary>
internal sealed class SealedParams : IDisposable
{
    /// <summary>Read, and hashed, without a key: enough for a hundred thousand tensors, and for a million segments.</summary>
    private const int MaxClaimedBody = 16 << 20, MaxClaimedRest = 32 << 20;

    private const int ChunkLength = 64 << 10, FileCount = 2, MaxTries = 8;

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
            var offset = SkipNames(file, out var tensors);
            var names = offset;
            var length = ReadManifestRecord(file, ref offset);
            Span<byte> bytes = stackalloc byte[ManifestHeader.Length];
            file.Read(offset, bytes);
            var header = ManifestHeader.Parse(bytes, length, file.Name);
            RequireNeeded(file, header, tensors, names);
            return new SealedParams(folder, file, header, offset);
        }
        catch
        {
            file?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Opens a package and then all else that is needed of it; anew, where another package took its path and its own files are gone: one or the other is read, whole.</summary>
    /// <param name="directory">The package's folder.</param>
    /// <param name="key">For <paramref name="read"/>.</param>
    /// <param name="read">Opens the rest. What it is given is owned by what it returns.</param>
    /// <inheritdoc cref="Open(string)" path="/exception"/>
    internal static T Open<TKey, T>(string directory, TKey key, Func<SealedParams, TKey, T> read)
        where TKey : allows ref struct
    {
        for (var tries = 1; ; tries++)
        {
            SealedParams? opened = null;
            try
            {
                opened = Open(directory);
                return read(opened, key);
            }
            catch (Exception e)
            {
                opened?.Dispose();
                if (e is not FolderReplacedException || tries == MaxTries)
                {
                    throw;
                }
            }
        }
    }

    /// <inheritdoc cref="Open{TKey, T}"/>
    internal static async Task<T> OpenAsync<T>(string directory, Func<SealedParams, Task<T>> read)
    {
        for (var tries = 1; ; tries++)
        {
            SealedParams? opened = null;
            try
            {
                opened = Open(directory);
                return await read(opened).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                opened?.Dispose();
                if (e is not FolderReplacedException || tries == MaxTries)
                {
                    throw;
                }
            }
        }
    }

    /// <summary>The body alone, after the digest over body and tags was compared. It needs no key, so neither memory nor time is taken for what a header only claims.</summary>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.Tampered"/>, or <see cref="SafeModelError.LimitExceeded"/>: only with the key.</exception>
    internal byte[] ReadClaimedBody()
    {
        File.RequireAtMost("bytes of manifest body, and no key to vouch for them", (ulong)Header.BodyLength, MaxClaimedBody);
        File.RequireAtMost("bytes of manifest body and tags, and no key to vouch for them", (ulong)Header.RestLength, MaxClaimedRest);
        var start = ManifestOffset + ManifestHeader.Length;
        var buffer = new byte[ChunkLength];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (long at = 0; at < Header.RestLength; at += ChunkLength)
        {
            var chunk = buffer.AsSpan(0, (int)Math.Min(ChunkLength, Header.RestLength - at));
            File.Read(start + at, chunk);
            hash.AppendData(chunk);
        }

        Span<byte> digest = stackalloc byte[ManifestHeader.HashLength];
        hash.GetHashAndReset(digest);
        Header.RequireDigest(digest, File.Name);
        var body = GC.AllocateUninitializedArray<byte>(Header.BodyLength);
        File.Read(start, body);
        return body;
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
    private static long SkipNames(PackageFile file, out long tensors)
    {
        using var cursor = new FileCursor(file);

        // A file that ends within the first name cannot be told from one that is no package.
        if (file.Length < ParamsFormat.PreambleLength + sizeof(ulong) + ManifestName.Length)
        {
            throw NotSealed(file);
        }

        var preamble = cursor.Take(ParamsFormat.PreambleLength);
        if (BinaryPrimitives.ReadUInt64LittleEndian(preamble) != ParamsFormat.ListMagic)
        {
            throw NotSealed(file);
        }

        var count = BinaryPrimitives.ReadUInt64LittleEndian(preamble[16..]);
        if (count == 0 || BinaryPrimitives.ReadUInt64LittleEndian(cursor.Take(8)) != (ulong)ManifestName.Length || !cursor.Take(ManifestName.Length).SequenceEqual(ManifestName))
        {
            throw NotSealed(file);
        }

        // Only now, since a plain file may have more.
        file.RequireAtMost("tensors", count, ParamsFormat.MaxTensors + 1);
        tensors = (long)count;
        for (ulong i = 1; i < count; i++)
        {
            var bytes = BinaryPrimitives.ReadUInt64LittleEndian(cursor.Take(8));
            file.RequireAtMost("bytes in a name", bytes, ParamsFormat.MaxNameLength);
            cursor.Take((int)bytes);
            file.RequireAtMost("bytes of names", (ulong)cursor.Offset, ParamsFormat.MaxNamesLength);
        }

        return cursor.Offset + 8;
    }

    // Nobody has vouched for the header yet. What no manifest of so many tensors needs is refused before it is read.
    private static void RequireNeeded(PackageFile file, ManifestHeader header, long tensors, long names)
    {
        file.RequireAtMost("bytes of manifest body", (ulong)header.BodyLength, ManifestFields.MaxOtherBytes + names + (tensors * ManifestFields.MaxTensorBytes));
        file.RequireAtMost("tags", (ulong)header.TagCount, tensors + FileCount + ((file.Length + (FileCount * Manifest.MaxFileLength)) / header.SegmentSize));
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
        if (!record.SequenceEqual(expected) || (long)length > file.Length - offset)
        {
            throw new SafeModelException(SafeModelError.Tampered, file.Name, "has a manifest record that was changed, or is cut off. Get the package again.");
        }

        return length >= ManifestHeader.Length ? (long)length
            : throw new SafeModelException(
                SafeModelError.UnsupportedFormat, file.Name, $"has a manifest of {length} bytes; its header alone has {ManifestHeader.Length}.");
    }

    /// <summary>uint8.</summary>
    internal static DataType ManifestType => new(Code: 1, Bits: 8, Lanes: 1);

    private static SafeModelException NotSealed(PackageFile file) => new(
        SafeModelError.NotEncrypted, file.Name,
        "is not a sealed package. Seal the model with ModelSealer or `safetensor seal`, or load it unprotected with SafeModel.LoadPlain.");
}
