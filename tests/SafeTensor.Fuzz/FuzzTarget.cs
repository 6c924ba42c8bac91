using SafeTensor.Cli;
using SafeTensor.Fuzz.Targets;
using SafeTensor.Runtime;

namespace SafeTensor.Fuzz;

/// <summary>A parser and its promise: whatever the input is, it gives a result whose parts fit each other, or a refusal of a kind that fits.</summary>
internal abstract class FuzzTarget
{
    /// <summary>What texts of refusals, stack traces and readers take, and for each byte of the input what it may become.</summary>
    private const long FixedAllocation = 4 << 20, AllocationPerByte = 256;

    private const int MaxMessageLength = 4096;

    internal static IReadOnlyList<FuzzTarget> All { get; } =
        [new ParamsTarget(), new SealedTarget(), new ManifestTarget(), new GraphTarget(), new NpyTarget(), new LibraryTarget(), new SignatureTarget(), new TarTarget()];

    /// <summary>Also of its folder of seeds.</summary>
    internal abstract string Name { get; }

    /// <summary>What <see cref="SafeModelException"/>s may say; none where the parser refuses with <see cref="UsageException"/> instead.</summary>
    protected abstract SafeModelError[] Errors { get; }

    /// <exception cref="BrokenPromiseException">The parser breaks its promise.</exception>
    internal void Run(ReadOnlySpan<byte> input)
    {
        var bytes = input.ToArray();
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Parse(bytes);
        }
        catch (SafeModelException e) when (Errors.Contains(e.Error))
        {
            Promise(e.Message.Length <= MaxMessageLength, "short messages", e);
            for (Exception? cause = e; cause is not null; cause = cause.InnerException)
            {
                Promise(!cause.Message.Any(char.IsControl), "messages without control characters", e);
            }
        }
        catch (UsageException) when (Errors.Length == 0)
        {
            // The command line escapes its messages where it prints them.
        }
        catch (Exception e) when (e is not BrokenPromiseException)
        {
            throw new BrokenPromiseException($"{Name}: {e.GetType().Name}: {e.Message}", e);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Promise(allocated <= FixedAllocation + (AllocationPerByte * bytes.Length), $"bounded memory, and {bytes.Length} bytes took {allocated}");
    }

    /// <summary>Parses, and where that succeeds checks what came out.</summary>
    protected abstract void Parse(byte[] input);

    protected void Promise(bool kept, string what, Exception? cause = null)
    {
        if (!kept)
        {
            throw new BrokenPromiseException($"{Name} promises {what}.", cause);
        }
    }
}
