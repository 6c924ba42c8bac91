using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>The systems whose calls, constants and struct layouts <see cref="LibC"/> knows.</summary>
internal static class SupportedSystem
{
    /// <exception cref="PlatformNotSupportedException">This is not one of them.</exception>
    internal static void Require()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new PlatformNotSupportedException(
                $"SafeTensor runs on linux-x64 with glibc; this is {RuntimeInformation.RuntimeIdentifier}.");
        }
    }
}
