using SafeTensor.Cli.Demo;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Pieces of a file of secrets, to look for in memory.</summary>
internal static class Markers
{
    private const int Places = 8;

    /// <summary>From all over the file.</summary>
    internal static WeightMarkers Of(string path)
    {
        using var file = PackageFile.Open(path);
        var distance = file.Length / (Places + 1);
        return WeightMarkers.Of(file, Enumerable.Range(1, Places).Select(i => (i * distance, distance)));
    }
}
