namespace SafeTensor.Tests;

/// <summary>How often something is in memory.</summary>
/// <param name="Protected">In memory that the library protects.</param>
/// <param name="Elsewhere">Anywhere else, but for the next.</param>
/// <param name="Own">Where the program itself keeps it.</param>
internal readonly record struct Copies(int Protected, int Elsewhere = 0, int Own = 0)
{
    public override string ToString() => this == default ? "none" : $"{Protected} protected, {Elsewhere} elsewhere, {Own} the program's own";
}
