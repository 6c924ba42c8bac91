namespace SafeTensor.Runtime;

/// <summary>One segment of a <see cref="SegmentPipeline"/>.</summary>
/// <param name="Part">Its part's place in the list that the pipeline was given.</param>
/// <param name="Number">Within the part, from 0.</param>
/// <param name="Offset">Of its first byte within the part.</param>
/// <param name="Length">In bytes; 0 only for an empty part.</param>
internal readonly record struct PipelineSegment(int Part, uint Number, long Offset, int Length);
