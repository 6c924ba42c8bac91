namespace SafeTensor.Runtime;

/// <summary>What one thread of a <see cref="SegmentPipeline"/> does with each segment it gets; made and disposed on that thread.</summary>
internal abstract class SegmentWorker : IDisposable
{
    /// <summary>Reads the segment if the system has it in memory.</summary>
    /// <returns>Whether it was read; if not, <see cref="Read"/> is called.</returns>
    internal abstract bool TryRead(in PipelineSegment segment);

    /// <summary>Reads the segment, and waits for it.</summary>
    internal abstract void Read(in PipelineSegment segment);

    /// <summary>Does the work, once it is read.</summary>
    internal abstract void Process(in PipelineSegment segment);

    public abstract void Dispose();
}
