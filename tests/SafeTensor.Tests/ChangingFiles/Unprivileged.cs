using System.Runtime.ExceptionServices;
using SafeTensor.Native;

namespace SafeTensor.Tests;

/// <summary>Runs something on a thread that opens files as a user who is nobody: the system's superuser may read and write whatever the modes of files say.</summary>
internal static class Unprivileged
{
    /// <summary>Linux, x86-64: the user that the calling thread opens files as.</summary>
    private const nint SetFsUid = 122;

    private const int Nobody = 65534;

    internal static void Run(Action action)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            // Of this thread alone, and for the rest of its life. Without effect for other users, who need none.
            _ = LibC.syscall(SetFsUid, Nobody);
            try
            {
                action();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }
}
