using SafeTensor.Runtime;

namespace SafeTensor.Cli.Demo;

/// <summary>All that the tour found.</summary>
/// <param name="Name">Of the plain model's folder or file.</param>
/// <param name="Package">The sealed model.</param>
/// <param name="Refusals">What was tried on it, and how each was refused.</param>
/// <param name="Predictions">For each picture, by the sealed model; none where the model takes no pictures of digits.</param>
/// <param name="ComparedOutputs">For how many inputs plain and sealed model were compared.</param>
/// <param name="EqualOutputs">For how many of them they gave the same bits.</param>
/// <param name="Plain">The plain model's times.</param>
/// <param name="Sealed">The sealed model's times.</param>
/// <param name="Copies">Measured by a scan; <see langword="null"/> where there are no weights outside of the code that could be told from other bytes.</param>
/// <param name="Runtime">What ran it.</param>
/// <param name="Protection">What was done for the weights in memory.</param>
internal sealed record DemoResult(
    string Name,
    PackageInfo Package,
    IReadOnlyList<(string Attack, SafeModelException Refusal)> Refusals,
    IReadOnlyList<DemoPrediction> Predictions,
    int ComparedOutputs,
    int EqualOutputs,
    DemoTimes Plain,
    DemoTimes Sealed,
    WeightCopies? Copies,
    string Runtime,
    ProtectionLevel Protection);
