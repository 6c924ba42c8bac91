using SafeTensor.Runtime;

namespace SafeTensor.Residue;

/// <summary>Calls on the thread that reports, which waits.</summary>
internal sealed class LoadProgress(Action<ModelProgress> report) : IProgress<ModelProgress>
{
    public void Report(ModelProgress value) => report(value);
}
