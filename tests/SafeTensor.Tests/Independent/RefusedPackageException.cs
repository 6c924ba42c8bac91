using System.Diagnostics.CodeAnalysis;

namespace SafeTensor.Tests.Independent;

/// <summary>This implementation's reader refuses a package.</summary>
internal sealed class RefusedPackageException(FormatError error, string message) : Exception($"{error}: {message}")
{
    internal FormatError Error { get; } = error;

    internal static void Unless([DoesNotReturnIf(false)] bool right, FormatError error, string message)
    {
        if (!right)
        {
            throw new RefusedPackageException(error, message);
        }
    }
}
