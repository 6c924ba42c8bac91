namespace SafeTensor.Cli.Demo;

/// <summary>How many plaintext copies of the weights lay in the process's own memory.</summary>
/// <param name="BeforeLoad">After sealing and after all refused loads.</param>
/// <param name="Loaded">While the model is loaded.</param>
/// <param name="Disposed">After it was disposed.</param>
/// <param name="ScannedBytes">How much memory was looked through, each time.</param>
internal sealed record WeightCopies(int BeforeLoad, int Loaded, int Disposed, long ScannedBytes);
