using System.Numerics.Tensors;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Demo;

/// <summary>One picture of the sample.</summary>
/// <param name="File">Its name.</param>
/// <param name="Label">The digit it shows.</param>
/// <param name="Greys">8 × 8 pixels, row by row.</param>
/// <param name="Input">The same as models take it, 0 to 1.</param>
internal sealed record DemoDigit(string File, int Label, byte[] Greys, float[] Input)
{
    /// <summary>Width and height, in pixels.</summary>
    internal const int Size = 8;

    private const int Classes = 10;

    /// <summary>Whether a model takes one such picture.</summary>
    internal static bool IsInputOf(SafeModel model) => model.Inputs is [{ ElementType: ElementType.Float32, Shape: [.., Size, Size] } input] && input.Takes(Size * Size);

    /// <returns>What the model sees in the picture; <see langword="null"/> where it does not give ten numbers.</returns>
    internal DemoPrediction? Predict(ModelOutputs outputs)
    {
        if (outputs is not [{ ElementType: ElementType.Float32, Shape: [.., Classes] } output] || output.AsSpan<float>() is not { Length: Classes } probabilities)
        {
            return null;
        }

        var best = TensorPrimitives.IndexOfMax(probabilities);
        return new DemoPrediction(this, best, probabilities[best]);
    }
}
