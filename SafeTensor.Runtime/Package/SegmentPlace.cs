namespace SafeTensor.Runtime;

/// <summary>Where a segment belongs: what its nonce and its associated data say.</summary>
/// <param name="Part">The part's number: tensors from 0, files from 2³¹.</param>
/// <param name="Segment">From 0.</param>
/// <param name="IsLast">Whether it ends the part.</param>
/// <param name="PartLength">Of the whole part, in bytes.</param>
internal readonly record struct SegmentPlace(uint Part, uint Segment, bool IsLast, long PartLength);
