using System.Text.Json;
using StbImageSharp;

namespace SafeTensor.Cli.Demo;

/// <summary>The digits model that comes with the program: its folder and ten pictures with their labels.</summary>
internal sealed class DemoSample
{
    /// <summary>The pictures' white. The model was trained on grey / 240.</summary>
    private const float White = 240;

    private DemoSample(string directory, IReadOnlyList<DemoDigit> digits) => (Directory, Digits) = (directory, digits);

    /// <summary>The plain model's folder.</summary>
    internal string Directory { get; }

    internal IReadOnlyList<DemoDigit> Digits { get; }

    /// <inheritdoc cref="FindDirectory" path="/exception"/>
    internal static DemoSample Find()
    {
        var directory = FindDirectory();
        return new DemoSample(directory, ReadDigits(directory));
    }

    /// <exception cref="FileNotFoundException">The sample is neither beside the program nor above it.</exception>
    internal static string FindDirectory()
    {
        var relative = Path.Combine("samples", "digits");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, relative);
            if (File.Exists(Path.Combine(candidate, "mod.params")))
            {
                return candidate;
            }
        }

        throw new FileNotFoundException($"The sample model, '{relative}', is neither beside the program in '{AppContext.BaseDirectory}' nor above it.", relative);
    }

    private static List<DemoDigit> ReadDigits(string directory)
    {
        using var labels = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "labels.json")));
        var digits = new List<DemoDigit>();
        foreach (var label in labels.RootElement.GetProperty("labels").EnumerateArray())
        {
            var file = Path.Combine(directory, $"digit{digits.Count}.png");
            var image = ImageResult.FromMemory(File.ReadAllBytes(file), ColorComponents.Grey);
            digits.Add(new DemoDigit(Path.GetFileName(file), label.GetInt32(), image.Data, Array.ConvertAll(image.Data, grey => grey / White)));
        }

        return digits;
    }
}
