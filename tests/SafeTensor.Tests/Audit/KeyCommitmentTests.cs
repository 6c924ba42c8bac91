using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Tests.Independent;

namespace SafeTensor.Tests.Audit;

/// <summary>GCM's tag does not commit to a key: a segment can be made that two keys open, each to its own plaintext. The header's commitment refuses one of them.</summary>
public sealed class KeyCommitmentTests
{
    private const int CommitmentAt = 80, MacAt = 144;

    private static readonly byte[] KeyA = RandomNumberGenerator.GetBytes(32), KeyB = RandomNumberGenerator.GetBytes(32);

    /// <summary>Eight blocks: three of A's, the one that makes the tags equal, and four of B's.</summary>
    private static readonly byte[] Plaintext =
        Encoding.ASCII.GetBytes("these 48 bytes, 3 blocks, are what A would read.the free block..and these 64 bytes, which are 4 blocks, are what B would read...");

    private readonly DraftSettings _settings = new(KeyA);
    private PackageKeys _a = null!, _b = null!;
    private Dictionary<string, byte[]> _package = null!;
    private byte[] _parameters = null!;
    private int _headerAt;

    /// <summary>A's package, whose tensor A and B can decrypt.</summary>
    [OneTimeSetUp]
    public void Craft()
    {
        _a = PackageKeys.Derive(KeyA, _settings.Salt, _settings.Suite);
        _b = PackageKeys.Derive(KeyB, _settings.Salt, _settings.Suite);
        var (nonce, associated) = (Segments.Nonce(0, 0, last: true), Segments.AssociatedData(_settings.FileId, Plaintext.Length));
        var model = new PlainModel([TensorPart.Of("weight", TensorPart.UnsignedType, 8, [Plaintext.Length])], [Plaintext]);
        var draft = new PackageDraft(model.Body("two keys"), model.Parts, _settings);

        (draft.Stored[0], draft.Tags[0][0]) = new GcmSegment(_a.DataKey, nonce, associated).ForTwoKeys(new GcmSegment(_b.DataKey, nonce, associated), Plaintext, free: 3);

        AssertDecrypts(_a.DataKey, 0..48);
        AssertDecrypts(_b.DataKey, 64..);
        _package = draft.Finish();
        _headerAt = IndependentReader.Open(_package.GetValueOrDefault, KeyA).ManifestOffset;

        void AssertDecrypts(byte[] key, Range part)
        {
            using var aes = new AesGcm(key, 16);
            var opened = new byte[Plaintext.Length];
            aes.Decrypt(nonce, draft.Stored[0], draft.Tags[0][0], opened, associated);
            Assert.That(Encoding.ASCII.GetString(opened[part]), Is.EqualTo(Encoding.ASCII.GetString(Plaintext[part])));
        }
    }

    [SetUp]
    public void Copy() => _parameters = [.. _package["mod.params"]];

    [Test]
    public void The_package_opens_with_the_key_that_its_header_commits_to_and_with_the_other_it_does_not()
    {
        Assert.That(() => Open(KeyA), Throws.Nothing);
        Assert.That(() => Open(KeyB), Refused.With(SafeModelError.WrongKey));
    }

    [Test]
    public void With_the_other_keys_HMAC_neither_opens_it()
    {
        Replace(MacAt, Crypto.HmacSha256(_b.HeaderKey, Authenticated()));

        Assert.That(() => Open(KeyA), Refused.With(SafeModelError.Tampered));
        Assert.That(() => Open(KeyB), Refused.With(SafeModelError.WrongKey));
    }

    [Test]
    public void With_the_other_keys_commitment_neither_opens_it()
    {
        Replace(CommitmentAt, _b.Commitment);

        Assert.That(() => Open(KeyA), Refused.With(SafeModelError.WrongKey));
        Assert.That(() => Open(KeyB), Refused.With(SafeModelError.Tampered));
    }

    [Test]
    public void With_the_other_keys_commitment_and_HMAC_the_other_alone_opens_it()
    {
        Replace(CommitmentAt, _b.Commitment);
        Replace(MacAt, Crypto.HmacSha256(_b.HeaderKey, Authenticated()));

        Assert.That(() => Open(KeyA), Refused.With(SafeModelError.WrongKey));
        Assert.That(() => Open(KeyB), Throws.Nothing);
    }

    /// <summary>The bytes that the HMAC is of.</summary>
    private byte[] Authenticated() => _parameters.AsSpan(_headerAt, MacAt).ToArray();

    private void Replace(int at, byte[] bytes) => bytes.CopyTo(_parameters, _headerAt + at);

    /// <summary>Every check, and every tag and root.</summary>
    private void Open(byte[] key)
    {
        using var folder = new TemporaryFolder();
        PackageDraft.Write(new() { ["mod.params"] = _parameters }, folder.Path);
        using var package = SealedPackage.Open(folder.Path, key, new PackageExpectations(null, 0, TimeProvider.System));
        package.Verify(null, CancellationToken.None);
    }
}
