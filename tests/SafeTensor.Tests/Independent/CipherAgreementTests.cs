using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Independent;

/// <summary>The library's keys, segments and roots are those of the independent implementation, for random inputs.</summary>
public sealed class CipherAgreementTests
{
    private const int FileIdLength = 16;

    [Test]
    public void Keys_agree([Values] CipherSuite suite)
    {
        for (var i = 0; i < 100; i++)
        {
            var (modelKey, salt) = (RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32));
            using var keys = new KeySchedule(modelKey, salt, suite);

            var expected = PackageKeys.Derive(modelKey, salt, (int)suite);
            Assert.That(
                (Hex(keys.Commitment), Hex(keys.HeaderKey), Hex(keys.DataKey)), Is.EqualTo((Hex(expected.Commitment), Hex(expected.HeaderKey), Hex(expected.DataKey))));
        }
    }

    [Test]
    public void Segments_agree_and_decrypt_and_a_changed_one_becomes_zeros(
        [Values] CipherSuite suite, [Values(0, 1, 15, 16, 17, 63, 64, 65, 1000, 65_536)] int length)
    {
        for (var i = 0; i < 20; i++)
        {
            var (key, fileId, plaintext) = (RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(FileIdLength), RandomNumberGenerator.GetBytes(length));
            var place = new SegmentPlace(Random32(), Random32(), RandomNumberGenerator.GetInt32(2) == 1, (long)(((ulong)Random32() << 31) | Random32()));
            using var cipher = new SegmentCipher(suite, key, fileId);

            var (data, tag) = (plaintext.ToArray(), new byte[16]);
            cipher.Encrypt(place, data, data, tag);

            var (nonce, associated) = (Segments.Nonce(place.Part, place.Segment, place.IsLast), Segments.AssociatedData(fileId, place.PartLength));
            Assert.That(Crypto.Encrypt((int)suite, key, nonce, associated, plaintext).AsSpan().SequenceEqual([.. data, .. tag]));
            var changed = data.ToArray();
            cipher.Decrypt(place, data, tag);
            Assert.That(data.AsSpan().SequenceEqual(plaintext));

            tag[i % tag.Length] ^= 1;
            Assert.That(() => cipher.Decrypt(place, changed, tag), Throws.TypeOf<AuthenticationTagMismatchException>());
            Assert.That(changed.AsSpan().IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
        }
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(65_535)]
    [TestCase(65_536)]
    [TestCase(65_537)]
    [TestCase(200_000)]
    public void Roots_agree(int length)
    {
        const int SegmentSize = 65_536;
        var stored = RandomNumberGenerator.GetBytes(length);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var segments = Segments.Split(stored, SegmentSize);
        var (leaves, root) = (new byte[segments.Length * PartDigest.Length], new byte[PartDigest.Length]);
        for (var i = 0; i < segments.Length; i++)
        {
            PartDigest.Leaf(hash, segments[i], leaves.AsSpan(i * PartDigest.Length, PartDigest.Length));
        }

        PartDigest.Root(hash, leaves, root);

        Assert.That(ManifestPart.SegmentCount(length, SegmentSize), Is.EqualTo(segments.Length));
        Assert.That(Hex(root), Is.EqualTo(Hex(Segments.Root(stored, SegmentSize))));
    }

    private static uint Random32() => BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexString(bytes);
}
