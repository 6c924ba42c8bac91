namespace SafeTensor.Residue;

/// <summary>A needle that was found in memory.</summary>
/// <param name="Needle">Its number.</param>
/// <param name="Place">What is there: <see cref="Places.Protected"/>, what the program calls it, or permissions and name of the mapping.</param>
/// <param name="Offset">In the place.</param>
internal sealed record Sighting(int Needle, string Place, long Offset);
