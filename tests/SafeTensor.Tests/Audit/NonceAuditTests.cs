using System.Runtime.InteropServices;
using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;
using SafeTensor.Tests.Independent;

namespace SafeTensor.Tests.Audit;

/// <summary>
/// No pair of key and nonce encrypts twice. Which nonce a segment was encrypted under is proven by its tag: each stored segment is decrypted alone, by the independent
/// implementation, under the nonce that docs/format.md gives it, and another nonce would not open it.
/// </summary>
public sealed class NonceAuditTests
{
    private const int SegmentSize = 65_536, SmallTensors = 3000, LongTensors = 2, SegmentsOfLongTensors = 10;

    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);

    private readonly TemporaryFolder _folder = new();
    private readonly List<OpenedPackage> _sealings = [];
    private readonly HashSet<(string Key, UInt128 Nonce)> _pairs = [];
    private readonly HashSet<UInt128> _blocks = [];
    private long _segments, _wholeBlocks;

    /// <summary>One model, twice with each suite. Its weights are zeros, so that what is stored is the key stream itself, and a nonce used twice would show.</summary>
    [OneTimeSetUp]
    public void SealAndCollect()
    {
        TensorPart[] tensors =
        [
            .. Enumerable.Range(0, SmallTensors).Select(i => TensorPart.Of($"small {i}", TensorPart.SignedType, 8, [i % 70])),
            .. Enumerable.Range(0, LongTensors).Select(i => TensorPart.Of($"long {i}", TensorPart.SignedType, 8, [(SegmentSize * SegmentsOfLongTensors) - i])),
        ];
        var source = new PlainModel(tensors, [.. tensors.Select(tensor => new byte[tensor.Length])], PlainModel.Digits.Code, PlainModel.GraphOf(tensors));
        source.WriteTo(_folder["source"]);
        foreach (var suite in new[] { CipherSuite.Aes256Gcm, CipherSuite.Aes256Gcm, CipherSuite.ChaCha20Poly1305, CipherSuite.ChaCha20Poly1305 })
        {
            var folder = _folder[$"sealed {_sealings.Count}"];
            ModelSealer.Seal(_folder["source"], folder, Key, new SealOptions { Suite = suite, SegmentSize = SegmentSize });
            Collect(folder);
        }
    }

    [OneTimeTearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void Every_segment_has_a_key_and_nonce_of_its_own()
    {
        Assert.That(_pairs, Has.Count.EqualTo(_segments));
        Assert.That(_segments, Is.GreaterThan(4 * (SmallTensors + (LongTensors * SegmentsOfLongTensors))));
        TestContext.Out.WriteLine($"{_segments} segments of {_sealings.Count} sealings, {_wholeBlocks} blocks.");
    }

    [Test]
    public void No_block_of_ciphertext_comes_twice_within_a_sealing_or_in_two_sealings_of_one_input()
    {
        Assert.That(_blocks, Has.Count.EqualTo(_wholeBlocks));
        Assert.That(_wholeBlocks, Is.GreaterThan(4 * LongTensors * (SegmentsOfLongTensors - 1) * (SegmentSize / 16)));
    }

    [Test]
    public void Sealings_of_one_input_share_no_salt_no_file_id_no_derived_value_and_no_tag()
    {
        var values = _sealings.SelectMany(sealing => new[]
        {
            sealing.Header.Salt, sealing.Header.FileId, sealing.Header.RestHash, sealing.Header.Mac,
            sealing.Keys.Prk, sealing.Keys.Commitment, sealing.Keys.HeaderKey, sealing.Keys.DataKey,
        });
        Assert.That(values.Select(Convert.ToHexString), Is.Unique);

        var tags = Enumerable.Range(0, _sealings.Count).SelectMany(i =>
            File.ReadAllBytes(Path.Combine(_folder[$"sealed {i}"], "mod.params")).AsSpan(_sealings[i].TagsOffset, 16 * _sealings[i].Header.TagCount).ToArray().Chunk(16));
        Assert.That(tags.Select(Convert.ToHexString).Distinct().Count(), Is.EqualTo(_segments));
    }

    [Test]
    public void Sealings_at_the_same_time_share_no_salt_and_no_file_id()
    {
        const int Count = 64;
        PlainModel.Empty.WriteTo(_folder["empty"]);
        var headers = new Header[Count];
        Parallel.For(0, Count, i =>
        {
            ModelSealer.Seal(_folder["empty"], _folder[$"empty {i}"], Key);
            headers[i] = IndependentReader.Open(_folder[$"empty {i}"], Key).Header;
        });

        Assert.That(headers.Select(header => Convert.ToHexString(header.Salt)), Is.Unique);
        Assert.That(headers.Select(header => Convert.ToHexString(header.FileId)), Is.Unique);
    }

    /// <summary>Opens each segment alone, and keeps its key and nonce, and the blocks that are stored.</summary>
    private void Collect(string folder)
    {
        var sealing = IndependentReader.Open(folder, Key, new Demands { EveryRoot = true });
        _sealings.Add(sealing);
        var (parameters, dataKey) = (File.ReadAllBytes(Path.Combine(folder, "mod.params")), Convert.ToHexString(sealing.Keys.DataKey));
        var (tag, offsets) = (sealing.TagsOffset, sealing.TensorOffsets());
        foreach (var (part, entry) in sealing.Body.Parts().Index())
        {
            var stored = entry is FilePart file
                ? File.ReadAllBytes(Path.Combine(folder, file.Name))
                : parameters.AsSpan(offsets[part], (int)entry.Length).ToArray();
            var segments = Segments.Split(stored, SegmentSize);
            for (var i = 0; i < segments.Length; i++, tag += 16, _segments++)
            {
                var nonce = Segments.Nonce(Segments.Number(part, sealing.Body.Tensors.Length), (uint)i, i == segments.Length - 1);
                var associated = Segments.AssociatedData(sealing.Header.FileId, entry.Length);
                var opened = Crypto.Decrypt(sealing.Header.Suite, sealing.Keys.DataKey, nonce, associated, [.. segments[i], .. parameters.AsSpan(tag, 16)]);
                Assert.That(opened, Is.Not.Null);
                _pairs.Add((dataKey, GaloisField.Element(nonce)));
                foreach (var block in MemoryMarshal.Cast<byte, UInt128>(segments[i].AsSpan(0, segments[i].Length / 16 * 16)))
                {
                    _blocks.Add(block);
                    _wholeBlocks++;
                }
            }
        }

        Assert.That(tag, Is.EqualTo(sealing.TagsOffset + (16 * sealing.Header.TagCount)));
    }
}
