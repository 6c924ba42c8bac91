namespace SafeTensor.Cli.Demo;

/// <summary>What the model says of one picture.</summary>
/// <param name="Digit">The picture.</param>
/// <param name="Predicted">The most probable digit.</param>
/// <param name="Probability">0 to 1.</param>
internal sealed record DemoPrediction(DemoDigit Digit, int Predicted, float Probability)
{
    internal bool IsRight => Predicted == Digit.Label;
}
