using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace SafeTensor.Runtime;

/// <summary>What a tensor may be called: 1 to 1024 bytes of UTF-8 without control characters.</summary>
internal static class TensorName
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    internal static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? name)
    {
        name = null;
        if (bytes.IsEmpty || bytes.Length > ParamsFormat.MaxNameLength)
        {
            return false;
        }

        try
        {
            name = StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        foreach (var c in name)
        {
            if (char.IsControl(c))
            {
                return false;
            }
        }

        return true;
    }
}
