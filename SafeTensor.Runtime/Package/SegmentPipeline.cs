using System.Runtime.ExceptionServices;

namespace SafeTensor.Runtime;

/// <summary>Hands the segments of a list of parts to all cores. The first failure stops everyone.</summary>
/// <remarks>Segments are handed out in batches of about a segment's size, so that thousands of small tensors cost no more a byte than a few large ones.</remarks>
internal sealed class SegmentPipeline
{
    private const int MaxBatches = 1 << 16;

    private readonly long[] _lengths;
    private readonly int _segmentSize;
    private readonly Func<SegmentWorker> _createWorker;
    private readonly ProgressMeter _progress;
    private readonly CancellationToken _cancellation;
    private readonly List<(int Part, uint Segment)> _batches = [];
    private int _nextBatch;
    private ExceptionDispatchInfo? _failure;

    private SegmentPipeline(long[] lengths, int segmentSize, Func<SegmentWorker> createWorker, ProgressMeter progress, CancellationToken cancellation)
    {
        _lengths = lengths;
        _segmentSize = segmentSize;
        _createWorker = createWorker;
        _progress = progress;
        _cancellation = cancellation;
        SplitIntoBatches();
    }

    /// <param name="lengths">Of the parts, in bytes.</param>
    /// <param name="segmentSize">In bytes.</param>
    /// <param name="createWorker">Called once on each thread that takes part.</param>
    /// <param name="progress">Told of every byte.</param>
    /// <param name="cancellation">Looked at before each segment.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal static void Run(
        long[] lengths, int segmentSize, Func<SegmentWorker> createWorker, ProgressMeter progress, CancellationToken cancellation)
    {
        var pipeline = new SegmentPipeline(lengths, segmentSize, createWorker, progress, cancellation);
        var workers = Math.Min(Environment.ProcessorCount, pipeline._batches.Count);
        if (workers > 1)
        {
            Parallel.For(0, workers, _ => pipeline.Work());
        }
        else
        {
            pipeline.Work();
        }

        pipeline._failure?.Throw();
        cancellation.ThrowIfCancellationRequested();
    }

    private void SplitIntoBatches()
    {
        var target = Math.Max(_segmentSize, _lengths.Sum() / MaxBatches);
        var size = target;
        for (var part = 0; part < _lengths.Length; part++)
        {
            var segments = ManifestPart.SegmentCount(_lengths[part], _segmentSize);
            for (long segment = 0; segment < segments; segment++)
            {
                if (size >= target)
                {
                    _batches.Add((part, (uint)segment));
                    size = 0;
                }

                size += Math.Min(_segmentSize, _lengths[part] - (segment * _segmentSize));
            }
        }
    }

    private void Work()
    {
        try
        {
            using var worker = _createWorker();
            for (var batch = Next(); batch < _batches.Count; batch = Next())
            {
                Process(worker, batch);
            }
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
        }
    }

    private int Next() => Interlocked.Increment(ref _nextBatch) - 1;

    private void Process(SegmentWorker worker, int batch)
    {
        var (part, segment) = _batches[batch];
        var end = batch + 1 < _batches.Count ? _batches[batch + 1] : (_lengths.Length, 0);
        long done = 0;
        while (part < end.Item1 || (part == end.Item1 && segment < end.Item2))
        {
            if (_failure is not null || _cancellation.IsCancellationRequested)
            {
                _nextBatch = _batches.Count;
                return;
            }

            var offset = (long)segment * _segmentSize;
            var length = (int)Math.Min(_segmentSize, _lengths[part] - offset);
            worker.Process(part, segment, offset, length);
            done += length;
            if (offset + length >= _lengths[part])
            {
                part++;
                segment = 0;
            }
            else
            {
                segment++;
            }
        }

        _progress.Add(done);
    }
}
