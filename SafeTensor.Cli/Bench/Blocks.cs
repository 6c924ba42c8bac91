namespace SafeTensor.Cli.Bench;

/// <summary>Hands out a length block by block to as many threads as the library loads with.</summary>
internal sealed class Blocks
{
    /// <summary>As long as a segment is by default.</summary>
    internal const int Length = 1 << 20;

    private readonly long _length;
    private long _next = -1;

    private Blocks(long length) => _length = length;

    /// <param name="length">In bytes.</param>
    /// <param name="work">Called once on each thread; takes blocks until there are none.</param>
    internal static void OnAllThreads(long length, Action<Blocks> work)
    {
        var blocks = new Blocks(length);
        Parallel.For(0, Environment.ProcessorCount, _ => work(blocks));
    }

    /// <returns>Whether there was another block.</returns>
    internal bool TryNext(out long offset, out int length)
    {
        offset = Interlocked.Increment(ref _next) * Length;
        length = (int)Math.Min(Length, _length - offset);
        return length > 0;
    }
}
