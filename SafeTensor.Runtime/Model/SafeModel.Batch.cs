using System.Runtime.ExceptionServices;

namespace SafeTensor.Runtime;

public sealed partial class SafeModel
{
    /// <summary>The runs of one <see cref="RunBatch"/>, shared out one by one.</summary>
    private sealed unsafe class Batch(SafeModel model, nint source, nint destination, int count, CancellationToken cancellation)
    {
        private ExceptionDispatchInfo? _failure;
        private int _next = -1;

        internal void Work()
        {
            try
            {
                using var run = model.Begin();
                var (input, output) = (model.Inputs[0].ByteLength, model.Outputs[0].ByteLength);
                for (var i = Interlocked.Increment(ref _next); i < count && _failure is null && !cancellation.IsCancellationRequested; i = Interlocked.Increment(ref _next))
                {
                    model.RunOnce(run.Session, new ReadOnlySpan<byte>((byte*)source + ((long)i * input), input), new Span<byte>((byte*)destination + ((long)i * output), output));
                }
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
            }
        }

        internal void ThrowIfFailed() => _failure?.Throw();
    }
}
