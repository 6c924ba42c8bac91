namespace SafeTensor.Runtime;

/// <summary>How far a load or a sealing has come. At most 20 reports a second, in order, from worker threads.</summary>
/// <param name="BytesDone">Bytes done.</param>
/// <param name="BytesTotal">Bytes in all.</param>
public readonly record struct ModelProgress(long BytesDone, long BytesTotal)
{
    /// <summary>0 to 1; 1 where there is nothing to do.</summary>
    public double Fraction => BytesTotal == 0 ? 1 : (double)BytesDone / BytesTotal;
}
