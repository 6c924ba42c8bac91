namespace SafeTensor.Runtime;

/// <summary>What one thread of a <see cref="SegmentPipeline"/> does with each segment it gets; made and disposed on that thread.</summary>
internal abstract class SegmentWorker : IDisposable
{
    /// <param name="part">The part's place in the list that the pipeline was given.</param>
    /// <param name="segment">The segment within it.</param>
    /// <param name="offset">Of the segment within the part, in bytes.</param>
    /// <param name="length">Of the segment, in bytes; 0 only for an empty part.</param>
    internal abstract void Process(int part, uint segment, long offset, int length);

    public abstract void Dispose();
}
