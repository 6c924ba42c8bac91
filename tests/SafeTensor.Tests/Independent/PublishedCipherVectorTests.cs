using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Independent;

/// <summary>
/// The published test cases of the primitives, through the calls that the library makes (.NET's, with the same overloads and lengths) and through the independent
/// implementation's. Where a case has the form of the library's own nonces, through the library's own code too.
/// </summary>
public sealed class PublishedCipherVectorTests
{
    /// <summary>RFC 5869, appendix A.1 to A.3: key, salt, info, PRK, output.</summary>
    [TestCase(
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
        "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")]
    [TestCase(
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
        "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
        "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
        "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87")]
    [TestCase(
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
        "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")]
    public void Hkdf_gives_what_RFC_5869_says(string key, string salt, string info, string prk, string output)
    {
        var (extracted, expanded) = (new byte[32], new byte[output.Length / 2]);
        HKDF.Extract(HashAlgorithmName.SHA256, Bytes(key), Bytes(salt), extracted);
        HKDF.Expand(HashAlgorithmName.SHA256, extracted, expanded, Bytes(info));

        Assert.That((Hex(extracted), Hex(expanded)), Is.EqualTo((prk, output)));
        Assert.That(Hex(Crypto.HkdfExtract(Bytes(salt), Bytes(key))), Is.EqualTo(prk));
        Assert.That(Hex(Crypto.HkdfExpand(Bytes(prk), Bytes(info), expanded.Length)), Is.EqualTo(output));
    }

    /// <summary>RFC 4231, sections 4.2 and 4.3.</summary>
    [TestCase("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")]
    [TestCase("4a656665", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")]
    public void Hmac_gives_what_RFC_4231_says(string key, string text, string mac)
    {
        var computed = new byte[32];
        HMACSHA256.HashData(Bytes(key), Encoding.ASCII.GetBytes(text), computed);

        Assert.That(Hex(computed), Is.EqualTo(mac));
        Assert.That(Hex(Crypto.HmacSha256(Bytes(key), Encoding.ASCII.GetBytes(text))), Is.EqualTo(mac));
    }

    /// <summary>The AES-256 cases with a nonce of 96 bits of "The Galois/Counter Mode of Operation" (McGrew and Viega), 13 to 16, which are NIST's.</summary>
    [TestCase("0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b")]
    [TestCase(
        "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
        "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919")]
    [TestCase(
        "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "",
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
        "b094dac5d93471bdec1a502270e3cc6c")]
    [TestCase(
        "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
        "76fc6ece0f4e1768cddf8853bb2d551b")]
    public void Aes_GCM_gives_what_NIST_says(string key, string nonce, string associated, string plaintext, string ciphertext, string tag)
    {
        using var aes = new AesGcm(Bytes(key).AsSpan(), ManifestHeader.TagLength);
        var (data, computed) = (Bytes(plaintext), new byte[16]);
        aes.Encrypt(Bytes(nonce), data, data, computed, Bytes(associated));
        Assert.That((Hex(data), Hex(computed)), Is.EqualTo((ciphertext, tag)));

        aes.Decrypt(Bytes(nonce), data, computed, data, Bytes(associated));
        Assert.That(Hex(data), Is.EqualTo(plaintext));
        AssertIndependent(1, key, nonce, associated, plaintext, ciphertext, tag);
    }

    /// <summary>RFC 8439, section 2.8.2 and appendix A.5.</summary>
    [TestCase(
        "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116",
        "1ae10b594f09e26a7e902ecbd0600691")]
    [TestCase(
        "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0", "000000000102030405060708", "f33388860000000000004e91",
        "Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, or obsoleted by other documents at any time. It is inappropriate to use Internet-Drafts as reference material or to cite them other than as /“work in progress./”",
        "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c8559797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523eaf4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a1049e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29a6ad5cb4022b02709b",
        "eead9d67890cbb22392336fea1851f38")]
    public void ChaCha20_Poly1305_gives_what_RFC_8439_says(string key, string nonce, string associated, string text, string ciphertext, string tag)
    {
        using var chacha = new ChaCha20Poly1305(Bytes(key).AsSpan());
        var (data, computed) = (Encoding.UTF8.GetBytes(text), new byte[16]);
        chacha.Encrypt(Bytes(nonce), data, data, computed, Bytes(associated));
        Assert.That((Hex(data), Hex(computed)), Is.EqualTo((ciphertext, tag)));

        chacha.Decrypt(Bytes(nonce), data, computed, data, Bytes(associated));
        Assert.That(Encoding.UTF8.GetString(data), Is.EqualTo(text));
        AssertIndependent(2, key, nonce, associated, Hex(data), ciphertext, tag);
    }

    /// <summary>
    /// A nonce of zeros is that of the first segment of part 0, where another follows. The associated data changes the tag alone. GCM: case 14 above;
    /// ChaCha20: RFC 8439, appendix A.1, vectors 2 and 3, whose block counter is 1, as that of the first block of a message is.
    /// </summary>
    [TestCase(1, "0000000000000000000000000000000000000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18")]
    [TestCase(
        2, "0000000000000000000000000000000000000000000000000000000000000000",
        "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f")]
    [TestCase(
        2, "0000000000000000000000000000000000000000000000000000000000000001",
        "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0")]
    public void The_librarys_segments_have_the_published_ciphertext(int suite, string key, string ciphertext)
    {
        using var cipher = new SegmentCipher((CipherSuite)suite, Bytes(key), new byte[16]);
        var (data, tag) = (new byte[ciphertext.Length / 2], new byte[16]);
        cipher.Encrypt(new SegmentPlace(0, 0, IsLast: false, 1 << 20), data, data, tag);

        Assert.That(Hex(data), Is.EqualTo(ciphertext));
    }

    private static void AssertIndependent(int suite, string key, string nonce, string associated, string plaintext, string ciphertext, string tag)
    {
        Assert.That(Hex(Crypto.Encrypt(suite, Bytes(key), Bytes(nonce), Bytes(associated), Bytes(plaintext))), Is.EqualTo(ciphertext + tag));
        Assert.That(Hex(Crypto.Decrypt(suite, Bytes(key), Bytes(nonce), Bytes(associated), Bytes(ciphertext + tag))!), Is.EqualTo(plaintext));
    }

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex);

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
