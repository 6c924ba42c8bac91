using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace SafeTensor.Tests.Independent;

/// <summary>The primitives of docs/format.md by BouncyCastle, which is C# throughout: nothing of .NET's own, hence of OpenSSL's.</summary>
internal static class Crypto
{
    internal const int TagLength = 16;

    internal static byte[] Sha256(params ReadOnlySpan<byte[]> pieces)
    {
        var digest = new Sha256Digest();
        foreach (var piece in pieces)
        {
            digest.BlockUpdate(piece, 0, piece.Length);
        }

        var hash = new byte[32];
        digest.DoFinal(hash, 0);
        return hash;
    }

    internal static byte[] HmacSha256(byte[] key, byte[] data)
    {
        var mac = new HMac(new Sha256Digest());
        mac.Init(new KeyParameter(key));
        mac.BlockUpdate(data, 0, data.Length);
        var value = new byte[32];
        mac.DoFinal(value, 0);
        return value;
    }

    internal static byte[] HkdfExtract(byte[] salt, byte[] key) => HmacSha256(salt, key);

    internal static byte[] HkdfExpand(byte[] prk, byte[] info, int length)
    {
        var generator = new HkdfBytesGenerator(new Sha256Digest());
        generator.Init(HkdfParameters.SkipExtractParameters(prk, info));
        var output = new byte[length];
        generator.GenerateBytes(output, 0, length);
        return output;
    }

    internal static byte[] Random(int length) => SecureRandom.GetNextBytes(new SecureRandom(), length);

    /// <summary>The ciphertext, then the tag.</summary>
    internal static byte[] Encrypt(int suite, byte[] key, byte[] nonce, byte[] associatedData, byte[] plaintext) =>
        Run(Cipher(suite), true, key, nonce, associatedData, plaintext);

    /// <summary>The plaintext; null where the tag does not fit.</summary>
    internal static byte[]? Decrypt(int suite, byte[] key, byte[] nonce, byte[] associatedData, byte[] ciphertextAndTag)
    {
        try
        {
            return Run(Cipher(suite), false, key, nonce, associatedData, ciphertextAndTag);
        }
        catch (InvalidCipherTextException)
        {
            return null;
        }
    }

    private static IAeadCipher Cipher(int suite) => suite switch
    {
        1 => new GcmBlockCipher(AesUtilities.CreateEngine()),
        2 => new ChaCha20Poly1305(),
        _ => throw new ArgumentOutOfRangeException(nameof(suite)),
    };

    private static byte[] Run(IAeadCipher cipher, bool encrypt, byte[] key, byte[] nonce, byte[] associatedData, byte[] input)
    {
        cipher.Init(encrypt, new AeadParameters(new KeyParameter(key), 8 * TagLength, nonce, associatedData));
        var output = new byte[cipher.GetOutputSize(input.Length)];
        var written = cipher.ProcessBytes(input, 0, input.Length, output, 0);
        written += cipher.DoFinal(output, written);
        return written == output.Length ? output : throw new InvalidOperationException($"{written} of {output.Length} bytes came out.");
    }
}
