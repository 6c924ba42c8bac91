namespace SafeTensor.Runtime;

/// <summary>What computes.</summary>
public enum Device
{
    /// <summary>The processor.</summary>
    Cpu,
}
