using SafeTensor.Runtime;

namespace SafeTensor.Cli.Demo;

/// <summary>All that the tour found.</summary>
/// <param name="Package">The sealed model.</param>
/// <param name="Refusals">What was tried on it, and how each was refused.</param>
/// <param name="Predictions">For each picture, by the sealed model.</param>
/// <param name="EqualOutputs">For how many pictures plain and sealed model gave the same bits.</param>
/// <param name="Plain">The plain model's times.</param>
/// <param name="Sealed">The sealed model's times.</param>
/// <param name="Copies">Measured by a scan.</param>
/// <param name="Runtime">What ran it.</param>
/// <param name="Protection">What was done for the weights in memory.</param>
internal sealed record DemoResult(
    PackageInfo Package,
    IReadOnlyList<(string Attack, SafeModelException Refusal)> Refusals,
    IReadOnlyList<DemoPrediction> Predictions,
    int EqualOutputs,
    DemoTimes Plain,
    DemoTimes Sealed,
    WeightCopies Copies,
    string Runtime,
    ProtectionLevel Protection);
