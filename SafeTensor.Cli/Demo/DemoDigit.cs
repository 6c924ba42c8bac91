namespace SafeTensor.Cli.Demo;

/// <summary>One picture of the sample.</summary>
/// <param name="File">Its name.</param>
/// <param name="Label">The digit it shows.</param>
/// <param name="Greys">8 × 8 pixels, row by row.</param>
/// <param name="Input">The same as the model takes it, float32[1,1,8,8].</param>
internal sealed record DemoDigit(string File, int Label, byte[] Greys, float[] Input)
{
    /// <summary>Width and height, in pixels.</summary>
    internal const int Size = 8;
}
