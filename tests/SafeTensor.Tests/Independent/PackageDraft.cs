namespace SafeTensor.Tests.Independent;

/// <summary>
/// A package being written: its parts are encrypted, and may still be replaced, as a holder of the key can. <see cref="Finish"/> makes the rest fit them: roots,
/// body, header.
/// </summary>
internal sealed class PackageDraft
{
    private readonly Body _body;
    private readonly DraftSettings _settings;

    /// <summary><paramref name="data"/> is the plain bytes of each part, tensors first.</summary>
    internal PackageDraft(Body body, byte[][] data, DraftSettings settings)
    {
        (_body, _settings) = (body, settings);
        Keys = PackageKeys.Derive(settings.ModelKey, settings.Salt, settings.Suite);
        var parts = body.Parts();
        (Stored, Tags) = (new byte[data.Length][], new byte[data.Length][][]);
        for (var i = 0; i < data.Length; i++)
        {
            (Stored[i], Tags[i]) = parts[i].IsEncrypted
                ? Segments.Encrypt(data[i], Segments.Number(i, body.Tensors.Length), settings.SegmentSize, settings.Suite, Keys.DataKey, settings.FileId)
                : (data[i], []);
        }
    }

    internal PackageKeys Keys { get; }

    /// <summary>Each part as stored, tensors first.</summary>
    internal byte[][] Stored { get; }

    /// <summary>The tags of each part.</summary>
    internal byte[][][] Tags { get; }

    /// <summary>The package's files by name. The encoded body, and the header but for its HMAC, can be changed before what depends on them is made.</summary>
    internal Dictionary<string, byte[]> Finish(Func<byte[], byte[]>? changeBody = null, Func<Header, Header>? changeHeader = null)
    {
        var (count, body) = (_body.Tensors.Length, _body with
        {
            Tensors = [.. _body.Tensors.Select((tensor, i) => tensor with { Root = Segments.Root(Stored[i], _settings.SegmentSize) })],
            Files = [.. _body.Files.Select((file, i) => file with { Root = Segments.Root(Stored[_body.Tensors.Length + i], _settings.SegmentSize) })],
        });
        var encoded = BodyCodec.Encode(body);
        encoded = changeBody?.Invoke(encoded) ?? encoded;
        byte[] rest = [.. encoded, .. Tags.SelectMany(tags => tags).SelectMany(tag => tag)];
        var header = new Header(
            _settings.Suite, _settings.SegmentSize, encoded.Length, Tags.Sum(tags => tags.Length),
            _settings.Salt, _settings.FileId, Keys.Commitment, Crypto.Sha256(rest), []);
        header = changeHeader?.Invoke(header) ?? header;
        header = header with { Mac = Crypto.HmacSha256(Keys.HeaderKey, header.Authenticated) };

        byte[] parameters = [.. ParamsList.BeforeManifest(body.Tensors, Header.Length + rest.Length), .. header.Bytes, .. rest];
        var files = new Dictionary<string, byte[]>
        {
            ["mod.params"] = Segments.Join([parameters, .. body.Tensors.SelectMany((tensor, i) => new[] { ParamsList.RecordHead(tensor), Stored[i] })]),
        };
        for (var i = 0; i < body.Files.Length; i++)
        {
            files.Add(body.Files[i].Name, Stored[count + i]);
        }

        return files;
    }

    /// <summary>The same, in a new folder.</summary>
    internal static string Write(Dictionary<string, byte[]> files, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var (name, bytes) in files)
        {
            File.WriteAllBytes(Path.Combine(folder, name), bytes);
        }

        return folder;
    }
}
