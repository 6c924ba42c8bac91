namespace SafeTensor.Tests;

/// <summary>How many of the kills of a <see cref="KillHarness"/> came before, during and after the write.</summary>
internal sealed record KillCounts(int Before, int During, int After)
{
    internal int All => Before + During + After;
}
