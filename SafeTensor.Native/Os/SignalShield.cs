using System.Runtime.ExceptionServices;

namespace SafeTensor.Native;

/// <summary>Runs foreign code that takes over a signal, so that the signal stays with whom it was.</summary>
/// <remarks>
/// On a thread of its own, for which the kernel refuses to change the signal's handler, and which ends with the code (seccomp(2), seccomp_data). Where the
/// filter itself is refused, the handler is put back afterwards, and is the foreign code's in between.
/// </remarks>
internal static unsafe class SignalShield
{
    private const int PR_SET_SECCOMP = 22, PR_SET_NO_NEW_PRIVS = 38, SECCOMP_MODE_FILTER = 2;
    private const uint SECCOMP_RET_ERRNO = 0x0005_0000, SECCOMP_RET_ALLOW = 0x7fff_0000, EPERM = 1;
    private const uint RtSigaction = 13, NumberOffset = 0, FirstArgumentOffset = 16;

    internal static void Run(int signal, Action foreign)
    {
        SignalAction before;
        var isSaved = LibC.sigaction(signal, null, &before) == 0;
        var isRefused = false;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            isRefused = Refuse(signal);
            try
            {
                foreign();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        if (isSaved && !isRefused)
        {
            _ = LibC.sigaction(signal, &before, null);
        }

        failure?.Throw();
    }

    // Of this thread and those that it starts, for good.
    private static bool Refuse(int signal)
    {
        const ushort load = 0x20, jumpIfEqual = 0x15, give = 0x06;
        var filter = stackalloc ulong[]
        {
            Instruction(load, 0, 0, NumberOffset),
            Instruction(jumpIfEqual, 0, 3, RtSigaction),
            Instruction(load, 0, 0, FirstArgumentOffset),
            Instruction(jumpIfEqual, 0, 1, (uint)signal),
            Instruction(give, 0, 0, SECCOMP_RET_ERRNO | EPERM),
            Instruction(give, 0, 0, SECCOMP_RET_ALLOW),
        };

        // struct sock_fprog: the number of instructions, and where they are.
        var program = stackalloc ulong[] { 6, (ulong)filter };
        return LibC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && LibC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (nuint)program, 0, 0) == 0;
    }

    // struct sock_filter, with how many instructions to leave out where it holds and where not.
    private static ulong Instruction(ushort code, byte ifTrue, byte ifFalse, uint value) => code | ((ulong)ifTrue << 16) | ((ulong)ifFalse << 24) | ((ulong)value << 32);
}
