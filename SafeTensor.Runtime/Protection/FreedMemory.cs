using System.Globalization;
using System.Runtime.InteropServices;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>Has the C library overwrite what another library frees, which cannot be asked to do so itself.</summary>
/// <remarks>
/// Source: mallopt(3), <c>M_PERTURB</c>. It is the whole process's setting: what other threads free meanwhile is overwritten too, which no program may
/// notice. Blocks of a kilobyte and less are not overwritten, and what has a mapping of its own is unmapped. glibc alone has it; elsewhere nothing is overwritten.
/// </remarks>
internal static class FreedMemory
{
    private const int Filling = 0xA5;

    private static readonly Lock OneAtATime = new();

    /// <summary>Overwrites what <paramref name="free"/> frees.</summary>
    internal static void Overwrite(Action free)
    {
        lock (OneAtATime)
        {
            SetFilling(Filling);
            try
            {
                free();
            }
            finally
            {
                SetFilling(HostsFilling());
            }
        }
    }

    private static void SetFilling(int value)
    {
        try
        {
            _ = LibC.mallopt(LibC.M_PERTURB, value);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library.
        }
    }

    // The process was started with it; it cannot be asked for.
    private static unsafe int HostsFilling() =>
        int.TryParse(Marshal.PtrToStringUTF8((nint)LibC.getenv("MALLOC_PERTURB_")), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0;
}
