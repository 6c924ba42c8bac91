namespace SafeTensor.Tests;

/// <summary>A part of a file that docs/format.md gives a name.</summary>
/// <param name="Kind">Pieces of one kind never overlap, and can be swapped.</param>
/// <param name="Start">Of its first byte in the file.</param>
/// <param name="End">Behind its last.</param>
internal readonly record struct Piece(string Kind, int Start, int End)
{
    internal int Length => End - Start;

    public override string ToString() => $"{Kind} at {Start}..{End}";
}
