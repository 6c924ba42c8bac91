using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Packages of format 1 by another implementation must open, and every derived value must be theirs, for ever.</summary>
[TestFixtureSource(typeof(Vector), nameof(Vector.Folders))]
public sealed unsafe class VectorTests(string folder)
{
    private static readonly PackageExpectations Any = new(null, 0, TimeProvider.System);

    private readonly Vector _vector = new(folder);

    [Test]
    public void Derives_the_same_keys()
    {
        using var keys = new KeySchedule(_vector.Key, _vector.Bytes("salt"), (CipherSuite)_vector.Number("suite"));

        Assert.That(keys.Commitment.ToArray(), Is.EqualTo(_vector.Bytes("commitment")));
        Assert.That(keys.HeaderKey.ToArray(), Is.EqualTo(_vector.Bytes("header_key")));
        Assert.That(keys.DataKey.ToArray(), Is.EqualTo(_vector.Bytes("data_key")));
    }

    [Test]
    public void Finds_the_same_header_and_manifest()
    {
        using var opened = SealedParams.Open(_vector.Folder);

        Assert.That(opened.ManifestOffset, Is.EqualTo(_vector.Number("manifest_offset")));
        Assert.That(ManifestHeader.Length + opened.Header.RestLength, Is.EqualTo(_vector.Number("manifest_length")));
        Assert.That(opened.Header.Bytes.ToArray(), Is.EqualTo(_vector.Bytes("header")));
        Assert.That(opened.ReadRest().AsSpan(0, opened.Header.BodyLength).ToArray(), Is.EqualTo(_vector.Bytes("body")));
        Assert.That(opened.Header.FileId.ToArray(), Is.EqualTo(_vector.Bytes("file_id")));
        Assert.That(opened.Header.SegmentSize, Is.EqualTo(_vector.Number("segment_size")));
    }

    [Test]
    public void Reads_and_writes_the_same_body()
    {
        using var opened = SealedParams.Open(_vector.Folder);
        var body = _vector.Bytes("body");

        var manifest = ManifestReader.Read(body, opened.Header, "mod.params");

        Assert.That(ManifestWriter.Encode(manifest), Is.EqualTo(_vector.Json.TryGetProperty("body_without_ignored_keys", out _) ? _vector.Bytes("body_without_ignored_keys") : body));
        Assert.That(manifest.ModelId, Is.EqualTo(_vector.Json.GetProperty("model_id").GetString()));
        Assert.That(manifest.ModelVersion, Is.EqualTo(_vector.Number("model_version")));
    }

    [Test]
    public void Makes_the_same_header_from_the_same_parts()
    {
        using var opened = SealedParams.Open(_vector.Folder);
        using var keys = new KeySchedule(_vector.Key, opened.Header.Salt, opened.Header.Suite);
        var rest = opened.ReadRest();

        var made = ManifestHeader.Create(
            opened.Header.Suite, opened.Header.SegmentSize, opened.Header.Salt, opened.Header.FileId.Span,
            rest.AsSpan(0, opened.Header.BodyLength), rest.AsSpan(opened.Header.BodyLength), keys);

        Assert.That(made.Bytes.ToArray(), Is.EqualTo(_vector.Bytes("header")));
    }

    [Test]
    public void Verifies_with_every_root()
    {
        using var package = SealedPackage.Open(_vector.Folder, _vector.Key, Any);

        Assert.That(package.Verify(null, CancellationToken.None).IsAuthenticated, Is.True);
        Assert.That(
            package.Manifest.Tensors.Concat(package.Manifest.Files).Select(part => (part.Name, part.IsEncrypted, part.Length, Convert.ToHexStringLower(part.Root.Span))),
            Is.EqualTo(_vector.Tensors.Concat(_vector.Files).Select(part => (
                part.GetProperty("name").GetString(), part.GetProperty("encrypted").GetBoolean(),
                part.GetProperty("length").GetInt64(), part.GetProperty("root").GetString()))));
    }

    [Test]
    public void Is_signed_by_each_of_its_publishers_and_by_nobody_else()
    {
        foreach (var publisher in _vector.Publishers)
        {
            using var package = SealedPackage.Open(_vector.Folder, _vector.Key, Any with { Publishers = [PublisherKey.FromPem(publisher, "publisher")] });
            Assert.That(package.Verify(null, CancellationToken.None).IsSigned, Is.True);
        }

        using var stranger = new Publisher();
        Assert.That(
            () => SealedPackage.Open(_vector.Folder, _vector.Key, Any with { Publishers = [PublisherKey.Of(stranger.Key)] }), Refused.With(SafeModelError.SignatureInvalid));
    }

    [Test]
    public void Decrypts_every_tensor_to_the_same_bytes_in_one_go_and_one_by_one()
    {
        using var package = SealedPackage.Open(_vector.Folder, _vector.Key, Any);
        var offsets = new long[package.Parameters.Count];
        long length = 0;
        for (var i = 0; i < offsets.Length; i++)
        {
            offsets[i] = length;
            length += package.Parameters[i].ByteLength;
        }

        using var memory = ProtectedMemory.Reserve(Math.Max(1, length));
        package.ReadParameters(memory, offsets, null, CancellationToken.None);

        var expected = _vector.Tensors.Select(tensor => tensor.GetProperty("plaintext_sha256").GetString()).ToArray();
        for (var i = 0; i < offsets.Length; i++)
        {
            var data = memory.Span.Slice((int)offsets[i], (int)package.Parameters[i].ByteLength);
            Assert.That(Convert.ToHexStringLower(SHA256.HashData(data)), Is.EqualTo(expected[i]), package.Parameters[i].Name);
            data.Clear();
            package.ReadParameter(i, memory.Address + offsets[i]);
            Assert.That(Convert.ToHexStringLower(SHA256.HashData(data)), Is.EqualTo(expected[i]), package.Parameters[i].Name);
        }
    }

    [Test]
    public void Decrypts_code_and_graph_to_the_same_bytes()
    {
        using var package = SealedPackage.Open(_vector.Folder, _vector.Key, Any);
        foreach (var file in _vector.Files)
        {
            var hash = file.GetProperty("plaintext_sha256").GetString();
            var plain = file.GetProperty("kind").GetInt32() == 1 ? Plaintext.CodeOf(package) : Plaintext.GraphOf(package)!;
            Assert.That(Convert.ToHexStringLower(SHA256.HashData(plain)), Is.EqualTo(hash));
        }
    }
}
