using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>Reads a key out of the process's environment without a managed string of it.</summary>
internal static unsafe class EnvironmentKey
{
    internal static void Read(string variable, Span<byte> key)
    {
        var value = LibC.getenv(variable);
        if (value == null)
        {
            throw new SafeModelException(
                SafeModelError.KeyUnavailable,
                $"The environment variable {variable} is not set in the process's own environment (Environment.SetEnvironmentVariable does not set it there).");
        }

        var text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(value);

        // Room for what decodes to more than a key, so that a text too long is told from one that fits.
        Span<byte> decoded = stackalloc byte[ModelKey.Length + 1];
        var isHex = text.Length == 2 * ModelKey.Length && Convert.FromHexString(text, decoded, out _, out _) == OperationStatus.Done;
        var isKey = isHex || (Base64.DecodeFromUtf8(text, decoded, out _, out var written) == OperationStatus.Done && written == ModelKey.Length);
        if (isKey)
        {
            decoded[..ModelKey.Length].CopyTo(key);
        }

        CryptographicOperations.ZeroMemory(decoded);
        if (!isKey)
        {
            throw new SafeModelException(
                SafeModelError.KeyUnavailable, $"The environment variable {variable} holds no key: {ModelKey.Length} bytes as base64 or as {2 * ModelKey.Length} hexadecimal digits.");
        }
    }
}
