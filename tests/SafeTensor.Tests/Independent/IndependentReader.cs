using Org.BouncyCastle.Utilities;

namespace SafeTensor.Tests.Independent;

/// <summary>Opens a package by the steps of docs/format.md, section 9.</summary>
internal static class IndependentReader
{
    internal static OpenedPackage Open(string folder, byte[] modelKey, Demands? demands = null) => Open(
        name => File.Exists(Path.Combine(folder, name)) ? File.ReadAllBytes(Path.Combine(folder, name)) : null, modelKey, demands);

    /// <summary><paramref name="files"/> gives a file's bytes by its name; null where there is none.</summary>
    internal static OpenedPackage Open(Func<string, byte[]?> files, byte[] modelKey, Demands? demands = null)
    {
        // 1 and 2.
        demands ??= Demands.None;
        var file = files("mod.params") ?? throw new FileNotFoundException(null, "mod.params");
        var (offset, length, names) = ParamsList.FindManifest(file);
        var manifest = file.AsSpan(offset, length);
        var header = Header.Parse(manifest);

        // No manifest of so many tensors needs more.
        Require(header.BodyLength <= 65_536 + offset - ParamsList.ManifestHeadLength + 8 + (512 * names), FormatError.LimitExceeded, "the body");
        Require(header.TagCount <= names + 2 + ((file.Length + (2 * BodyCodec.MaxFileLength)) / header.SegmentSize), FormatError.LimitExceeded, "the tags");

        // 3.
        if (demands.Trusted.Length > 0)
        {
            SignatureText.Check(files("mod.sig"), header.Bytes, demands.Trusted);
        }

        // 4.
        var keys = PackageKeys.Derive(modelKey, header.Salt, header.Suite);
        Require(Arrays.FixedTimeEquals(keys.Commitment, header.Commitment), FormatError.WrongKey, "the commitment differs");
        Require(Arrays.FixedTimeEquals(Crypto.HmacSha256(keys.HeaderKey, manifest[..Header.MacOffset].ToArray()), header.Mac), FormatError.Tampered, "the header's HMAC");

        // 5.
        var rest = manifest[Header.Length..].ToArray();
        Require(Arrays.AreEqual(Crypto.Sha256(rest), header.RestHash), FormatError.Tampered, "the hash of body and tags");
        var bodyBytes = rest[..header.BodyLength];
        var body = BodyCodec.Decode(bodyBytes);
        var tags = Tags(rest.AsSpan(header.BodyLength), header, body);
        var stored = Stored(file, offset, length, body);

        // 6.
        Require(demands.ModelId is null || demands.ModelId == body.ModelId, FormatError.WrongPackage, "another model");
        Require(body.ModelVersion >= demands.LowestVersion, FormatError.RolledBack, "an older version");
        Require(!(demands.Now > body.NotAfter), FormatError.Expired, "not-after has passed");

        var opened = new byte[body.Files.Length][];
        for (var i = 0; i < opened.Length; i++)
        {
            var (entry, number) = (body.Files[i], body.Tensors.Length + i);
            var data = files(entry.Name) ?? throw new FileNotFoundException(null, entry.Name);
            Require(data.Length == entry.Length && data.Length > 0, FormatError.WrongPackage, $"the length of {entry.Name}");
            Require(HasRoot(data, entry, header), FormatError.WrongPackage, $"the root of {entry.Name}");
            opened[i] = Decrypted(data, tags[number], number, body, entry, header, keys);
        }

        // 7.
        var tensors = new byte[body.Tensors.Length][];
        for (var i = 0; i < tensors.Length; i++)
        {
            var entry = body.Tensors[i];
            var needsRoot = !entry.IsEncrypted || demands.EveryRoot || demands.Trusted.Length > 0;
            Require(!needsRoot || HasRoot(stored[i], entry, header), FormatError.Tampered, $"the root of tensor {i}");
            tensors[i] = Decrypted(stored[i], tags[i], i, body, entry, header, keys);
        }

        return new(offset, header, keys, bodyBytes, body, tensors, opened);
    }

    /// <summary>The tags of each part.</summary>
    private static byte[][] Tags(ReadOnlySpan<byte> all, Header header, Body body)
    {
        var parts = body.Parts();
        Int128 expected = 0;
        foreach (var part in parts)
        {
            var count = Segments.Count(part.Length, header.SegmentSize);
            Require(count <= ParamsList.MaxManifest / Crypto.TagLength, FormatError.LimitExceeded, "a part has too many segments");
            expected += part.IsEncrypted ? count : 0;
        }

        Require(expected == header.TagCount, FormatError.Tampered, "the number of tags");
        var (tags, position) = (new byte[parts.Length][], 0);
        for (var i = 0; i < tags.Length; i++)
        {
            var part = parts[i];
            var length = part.IsEncrypted ? Crypto.TagLength * (int)Segments.Count(part.Length, header.SegmentSize) : 0;
            tags[i] = all.Slice(position, length).ToArray();
            position += length;
        }

        return tags;
    }

    /// <summary>Each tensor's data as it stands in the file, of which everything else is what it must be.</summary>
    private static byte[][] Stored(byte[] file, int offset, int length, Body body)
    {
        var before = ParamsList.BeforeManifest(body.Tensors, length);
        Require(file.AsSpan(0, offset).SequenceEqual(before), FormatError.Tampered, "the bytes before the manifest");
        var stored = new byte[body.Tensors.Length][];
        long position = offset + length;
        for (var i = 0; i < stored.Length; i++)
        {
            var head = ParamsList.RecordHead(body.Tensors[i]);
            Require(file.Length - position >= (Int128)head.Length + body.Tensors[i].Length, FormatError.Tampered, "the file ends early");
            Require(file.AsSpan((int)position, head.Length).SequenceEqual(head), FormatError.Tampered, $"the head of tensor {i}");
            position += head.Length;
            stored[i] = file.AsSpan((int)position, (int)body.Tensors[i].Length).ToArray();
            position += stored[i].Length;
        }

        Require(position == file.Length, FormatError.Tampered, "bytes follow the last tensor");
        return stored;
    }

    private static bool HasRoot(byte[] stored, Part part, Header header) => Arrays.AreEqual(Segments.Root(stored, header.SegmentSize), part.Root);

    private static byte[] Decrypted(byte[] stored, byte[] tags, int index, Body body, Part part, Header header, PackageKeys keys) => !part.IsEncrypted ? stored
        : Segments.Decrypt(stored, tags, Segments.Number(index, body.Tensors.Length), header.SegmentSize, header.Suite, keys.DataKey, header.FileId)
        ?? throw new RefusedPackageException(part is FilePart ? FormatError.WrongPackage : FormatError.Tampered, $"a tag of part {index}");

    private static void Require(bool right, FormatError error, string message) => RefusedPackageException.Unless(right, error, message);
}
