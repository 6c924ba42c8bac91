using System.Runtime.ExceptionServices;

namespace SafeTensor.Runtime;

/// <summary>Hands the segments of a list of parts to all cores. A failure stops everyone, but for what stands before it: so the first in the list is told.</summary>
/// <remarks>
/// Segments are handed out in batches of about a segment's size, so that thousands of small tensors cost no more a byte than a few large ones, and of less
/// where a model has few, so that each core has its share.
/// A thread that must wait for its segment makes room for another, up to <see cref="MaxWaiting"/>: a slow disk or network has several
/// requests to work at, and no core waits for one of them.
/// </remarks>
internal sealed class SegmentPipeline : IDisposable
{
    /// <summary>Threads beyond the cores.</summary>
    internal const int MaxWaiting = 16;

    private const int MaxBatches = 1 << 16, BatchesOfCore = 4, SmallestBatch = 64 << 10;

    private readonly long[] _lengths;
    private readonly int _segmentSize;
    private readonly Func<SegmentWorker> _createWorker;
    private readonly ProgressMeter _progress;
    private readonly CancellationToken _cancellation;
    private readonly List<(int Part, uint Segment)> _batches = [];
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _ended = new();
    private int _nextBatch;
    private int _threads = 1;
    private int _waiting;
    private int _failedBatch = int.MaxValue;
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
    /// <param name="createWorker">Called at most once on each thread that takes part.</param>
    /// <param name="progress">Told of every byte.</param>
    /// <param name="cancellation">Looked at before each segment.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal static void Run(
        long[] lengths, int segmentSize, Func<SegmentWorker> createWorker, ProgressMeter progress, CancellationToken cancellation)
    {
        using var pipeline = new SegmentPipeline(lengths, segmentSize, createWorker, progress, cancellation);
        pipeline.Work();
        pipeline._ended.Wait(CancellationToken.None);
        pipeline._failure?.Throw();
        cancellation.ThrowIfCancellationRequested();
    }

    public void Dispose() => _ended.Dispose();

    private void SplitIntoBatches()
    {
        var total = _lengths.Sum();
        var share = Math.Clamp(total / (BatchesOfCore * Environment.ProcessorCount), Math.Min(SmallestBatch, _segmentSize), _segmentSize);
        var target = Math.Max(share, total / MaxBatches);
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
        SegmentWorker? worker = null;
        var batch = 0;
        try
        {
            Reinforce();
            while ((batch = Interlocked.Increment(ref _nextBatch) - 1) < _batches.Count && !IsOver(batch))
            {
                worker ??= _createWorker();
                Process(worker, batch);
            }
        }
        catch (Exception e)
        {
            Fail(batch, e);
        }
        finally
        {
            worker?.Dispose();
            lock (_lock)
            {
                if (--_threads == 0)
                {
                    _ended.Set();
                }
            }
        }
    }

    /// <summary>Starts a thread if there is work and a core for it. Each that starts does so, so that none is made for a model of one batch.</summary>
    private void Reinforce()
    {
        lock (_lock)
        {
            if (_threads - _waiting >= Environment.ProcessorCount
                || _threads >= Environment.ProcessorCount + MaxWaiting
                || Volatile.Read(ref _nextBatch) >= _batches.Count - 1)
            {
                return;
            }

            _threads++;
        }

        try
        {
            new Thread(Work) { IsBackground = true, Name = "SafeTensor segments" }.Start();
        }
        catch (OutOfMemoryException)
        {
            // The system gives no more threads: those that are there do it.
            lock (_lock)
            {
                _threads--;
            }
        }
    }

    private void Process(SegmentWorker worker, int batch)
    {
        var (part, number) = _batches[batch];
        var end = batch + 1 < _batches.Count ? _batches[batch + 1] : (_lengths.Length, 0);
        long done = 0;
        while ((part < end.Item1 || (part == end.Item1 && number < end.Item2)) && !IsOver(batch))
        {
            var offset = (long)number * _segmentSize;
            var segment = new PipelineSegment(part, number, offset, (int)Math.Min(_segmentSize, _lengths[part] - offset));
            if (!worker.TryRead(segment))
            {
                Wait(worker, segment);
            }

            worker.Process(segment);
            done += segment.Length;
            if (offset + segment.Length >= _lengths[part])
            {
                part++;
                number = 0;
            }
            else
            {
                number++;
            }
        }

        _progress.Add(done);
    }

    private void Wait(SegmentWorker worker, in PipelineSegment segment)
    {
        lock (_lock)
        {
            _waiting++;
        }

        try
        {
            Reinforce();
            worker.Read(segment);
        }
        finally
        {
            lock (_lock)
            {
                _waiting--;
            }
        }
    }

    private bool IsOver(int batch) => batch > Volatile.Read(ref _failedBatch) || _cancellation.IsCancellationRequested;

    private void Fail(int batch, Exception failure)
    {
        lock (_lock)
        {
            if (batch < _failedBatch)
            {
                _failure = ExceptionDispatchInfo.Capture(failure);
                Volatile.Write(ref _failedBatch, batch);
            }
        }
    }
}
