using System.Text.Json;
using StbImageSharp;

namespace SafeTensor.Tests;

/// <summary>The sample's ten images as the model takes them, and what they show.</summary>
internal static class DigitImages
{
    private const float White = 240;

    internal const int Length = 64, Classes = 10;

    internal static int[] Labels { get; } = ReadLabels();

    /// <summary>Float32[1,1,8,8] each, 0 to 1.</summary>
    internal static float[][] Pixels { get; } = [.. Enumerable.Range(0, 10).Select(Read)];

    private static float[] Read(int index)
    {
        using var file = File.OpenRead(Path.Combine(TestData.Digits, $"digit{index}.png"));
        return Array.ConvertAll(ImageResult.FromStream(file, ColorComponents.Grey).Data, grey => grey / White);
    }

    private static int[] ReadLabels()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestData.Digits, "labels.json")));
        return [.. json.RootElement.GetProperty("labels").EnumerateArray().Select(label => label.GetInt32())];
    }
}
