using NUnit.Framework;
using NUnit.Framework.Constraints;

namespace SafeTensor.Tests;

/// <summary>What a refusal may cost, whatever a file says of itself: 50 ms of processor time and 32 MiB.</summary>
internal static class Bounded
{
    // The least of them: a busy machine takes its share of some.
    private const int Tries = 20;
    private const long MaxMemory = 32 << 20;

    private static readonly TimeSpan MaxTime = TimeSpan.FromMilliseconds(50);

    internal static void Refusal(Action action, IResolveConstraint expected, string what = "")
    {
        // The first call compiles the code.
        Assert.That(() => action(), expected, what);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var time = ThreadTime.Of(() => Swallow(action));
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Assert.That(allocated, Is.LessThan(MaxMemory), $"{what}: managed bytes");

        // Every page counts, managed or not; what is allocated by size and never touched would not show, and does no harm.
        Assert.That(ResidentMemory.PeakOf(() => Swallow(action)), Is.LessThan(MaxMemory), $"{what}: resident bytes");
        for (var i = 1; i < Tries && time >= MaxTime; i++)
        {
            var again = ThreadTime.Of(() => Swallow(action));
            time = again < time ? again : time;
        }

        Assert.That(time, Is.LessThan(MaxTime), $"{what}: processor time");
    }

    private static void Swallow(Action action)
    {
        try
        {
            action();
        }
        catch (Exception)
        {
            // Asserted above.
        }
    }
}
