using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>A lock that the kernel releases when its process ends, in whatever way. It belongs to an open file, so threads of one process exclude each other too.</summary>
internal sealed class FileLock : IDisposable
{
    private const int LongestPause = 32;

    private readonly SafeFileHandle _file;

    private FileLock(SafeFileHandle file) => _file = file;

    /// <summary>What its holder does last.</summary>
    internal Action? AtEnd { get; set; }

    /// <param name="file">Opened for this lock; owned by it when this succeeds.</param>
    /// <param name="path">Of that file, escaped, for messages.</param>
    /// <param name="limit">How long it may take: a process that was stopped while it has the lock must not stop all others for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal static FileLock Take(SafeFileHandle file, string path, TimeSpan limit, CancellationToken cancellationToken)
    {
        // Asking again and again instead of waiting in the kernel, where no token could end the wait.
        var start = Stopwatch.GetTimestamp();
        for (var pause = 1; LibC.flock((int)file.DangerousGetHandle(), LibC.LOCK_EX | LibC.LOCK_NB) != 0; pause = Math.Min(2 * pause, LongestPause))
        {
            var error = Marshal.GetLastPInvokeError();
            if (error is not (LibC.EWOULDBLOCK or LibC.EINTR))
            {
                throw new IOException($"'{SafeText.EscapePath(path)}' cannot be locked: {Marshal.GetPInvokeErrorMessage(error)}.");
            }

            if (Stopwatch.GetElapsedTime(start) > limit)
            {
                throw new IOException($"'{SafeText.EscapePath(path)}' was locked by another process for {limit.TotalSeconds} seconds. Look for one that hangs, and end it.");
            }

            cancellationToken.WaitHandle.WaitOne(pause);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return new FileLock(file);
    }

    public void Dispose()
    {
        AtEnd?.Invoke();

        // Not by closing alone: a child process that is being started may have the descriptor for a moment longer.
        _ = LibC.flock((int)_file.DangerousGetHandle(), LibC.LOCK_UN);
        _file.Dispose();
    }
}
