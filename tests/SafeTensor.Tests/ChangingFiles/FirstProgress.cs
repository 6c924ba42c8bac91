using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Does something once, when the first bytes are reported: in the middle of a load or a sealing.</summary>
internal sealed class FirstProgress(Action action) : IProgress<ModelProgress>
{
    private Action? _action = action;

    internal bool IsDone => _action is null;

    public void Report(ModelProgress value) => Interlocked.Exchange(ref _action, null)?.Invoke();
}
