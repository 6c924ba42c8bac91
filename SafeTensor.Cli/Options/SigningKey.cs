using System.Security.Cryptography;
using System.Text;

namespace SafeTensor.Cli.Options;

/// <summary>A publisher's private key in a PEM file, also one that a password protects.</summary>
internal static class SigningKey
{
    // Many times what a key takes.
    private const int MaxLength = 64 << 10;

    /// <param name="path">The file.</param>
    /// <param name="passwordVariable">The environment variable with its password; <see langword="null"/> for none.</param>
    /// <exception cref="UsageException">It holds no such key, or needs a password.</exception>
    internal static ECDsa Read(string path, string? passwordVariable)
    {
        using var file = File.OpenHandle(path);
        var fileLength = RandomAccess.GetLength(file);
        if (fileLength > MaxLength)
        {
            throw new UsageException($"'{path}' has {fileLength} bytes, and is no private key in PEM, which signing needs.");
        }

        // Pinned: an array that the collector moves leaves a copy where it was.
        var bytes = GC.AllocateArray<byte>((int)fileLength, pinned: true);
        var text = GC.AllocateArray<char>(bytes.Length, pinned: true);
        try
        {
            var length = Encoding.ASCII.GetChars(bytes.AsSpan(0, RandomAccess.Read(file, bytes, 0)), text);
            return Import(path, text.AsSpan(0, length), passwordVariable);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
            Array.Clear(text);
        }
    }

    private static ECDsa Import(string path, ReadOnlySpan<char> pem, string? passwordVariable)
    {
        if (!pem.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            throw new UsageException($"'{path}' holds no private key in PEM, which signing needs.");
        }

        var key = ECDsa.Create();
        try
        {
            if (pem.Contains("ENCRYPTED", StringComparison.Ordinal))
            {
                var variable = passwordVariable
                    ?? throw new UsageException($"'{path}' is protected by a password: name the environment variable that holds it with --password-env.");
                var password = Environment.GetEnvironmentVariable(variable)
                    ?? throw new UsageException($"The environment variable {variable}, which should hold the password of '{path}', is not set.");
                key.ImportFromEncryptedPem(pem, password);
            }
            else
            {
                key.ImportFromPem(pem);
            }

            return key;
        }
        catch (Exception e)
        {
            key.Dispose();
            if (e is CryptographicException or ArgumentException)
            {
                throw new UsageException($"'{path}' is no private key of an elliptic curve in PEM, or its password is another ({e.Message}).");
            }

            throw;
        }
    }
}
