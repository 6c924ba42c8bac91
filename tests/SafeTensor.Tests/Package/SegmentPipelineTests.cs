using System.Collections.Concurrent;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

public sealed class SegmentPipelineTests
{
    private const int SegmentSize = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(7)]
    [TestCase(100)]
    public void Every_segment_of_every_part_is_processed_once(int parts)
    {
        long[] lengths = [.. Enumerable.Range(0, parts).Select(part => part * 333L)];
        var done = new ConcurrentBag<PipelineSegment>();

        Run(lengths, new Recorder(done));

        Assert.That(done, Is.Unique);
        Assert.That(done.Sum(segment => (long)segment.Length), Is.EqualTo(lengths.Sum()));
        Assert.That(done, Has.Count.EqualTo(lengths.Sum(length => Math.Max(1, (length + SegmentSize - 1) / SegmentSize))));
    }

    [Test]
    public void Slow_reads_are_in_flight_together_more_of_them_than_there_are_cores()
    {
        var together = Environment.ProcessorCount + (SegmentPipeline.MaxWaiting / 2);
        using var barrier = new CountdownEvent(together);

        Run(Segments(together), new Recorder
        {
            IsSlow = _ => true,
            Reads = _ =>
            {
                barrier.Signal();
                Assert.That(barrier.Wait(Patience), Is.True, "reads that wait for each other");
            },
        });
    }

    [Test]
    public void A_read_that_hangs_does_not_keep_the_others_waiting()
    {
        const int count = 500;
        using var others = new CountdownEvent(count - 1);

        Run(Segments(count), new Recorder
        {
            IsSlow = segment => segment.Part == 0,
            Reads = _ => Assert.That(others.Wait(Patience), Is.True, "all others, while the first is read"),
            Processes = segment => _ = segment.Part != 0 && others.Signal(),
        });
    }

    [Test]
    public void The_failure_of_what_stands_first_is_told_also_where_a_later_one_came_before()
    {
        using var failed = new ManualResetEventSlim();

        Assert.That(
            () => Run(Segments(8), new Recorder
            {
                IsSlow = segment => segment.Part == 0,
                Reads = _ => Assert.That(failed.Wait(Patience), Is.True),
                Processes = segment =>
                {
                    if (segment.Part is 0 or 3)
                    {
                        failed.Set();
                        throw new InvalidDataException($"part {segment.Part}");
                    }
                },
            }),
            Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("part 0"));
    }

    [Test]
    public void A_failure_stops_what_stands_behind_it()
    {
        const int count = 10_000;
        var processed = 0;

        Assert.That(
            () => Run(Segments(count), new Recorder
            {
                Processes = segment => _ = segment.Part == 5 ? throw new InvalidDataException() : Interlocked.Increment(ref processed),
            }),
            Throws.TypeOf<InvalidDataException>());

        Assert.That(processed, Is.LessThan(count - 1));
    }

    [Test]
    public void A_cancellation_stops_before_the_next_segment()
    {
        using var cancellation = new CancellationTokenSource();
        var processed = 0;

        Assert.That(
            () => Run(
                [1_000_000L * SegmentSize],
                new Recorder
                {
                    Processes = _ =>
                    {
                        Interlocked.Increment(ref processed);
                        cancellation.Cancel();
                    },
                },
                cancellation.Token),
            Throws.InstanceOf<OperationCanceledException>());

        Assert.That(processed, Is.LessThanOrEqualTo(Environment.ProcessorCount + SegmentPipeline.MaxWaiting));
    }

    [Test]
    public void Workers_are_made_for_threads_that_have_work_and_each_is_disposed()
    {
        var made = new Recorder();

        Run([10, 20, 30], made);

        Assert.That((made.Made, made.Disposed), Is.EqualTo((1, 1)), "one batch");
        Run(Segments(50), made);
        Assert.That(made.Disposed, Is.EqualTo(made.Made));
    }

    [Test]
    public void A_worker_that_cannot_be_made_fails_the_whole() => Assert.That(
        () => SegmentPipeline.Run(Segments(5), SegmentSize, () => throw new InvalidDataException("no worker"), new ProgressMeter(null, 0), CancellationToken.None),
        Throws.TypeOf<InvalidDataException>());

    private static long[] Segments(int count) => [.. Enumerable.Repeat((long)SegmentSize, count)];

    private static void Run(long[] lengths, Recorder recorder, CancellationToken cancellationToken = default) =>
        SegmentPipeline.Run(lengths, SegmentSize, recorder.Create, new ProgressMeter(null, lengths.Sum()), cancellationToken);

    private sealed class Recorder(ConcurrentBag<PipelineSegment>? done = null)
    {
        private int _made;
        private int _disposed;

        internal Func<PipelineSegment, bool> IsSlow { get; init; } = _ => false;

        internal Action<PipelineSegment> Reads { get; init; } = _ => { };

        internal Action<PipelineSegment> Processes { get; init; } = _ => { };

        internal int Made => _made;

        internal int Disposed => _disposed;

        internal SegmentWorker Create()
        {
            Interlocked.Increment(ref _made);
            return new Worker(this, done);
        }

        private sealed class Worker(Recorder recorder, ConcurrentBag<PipelineSegment>? done) : SegmentWorker
        {
            internal override bool TryRead(in PipelineSegment segment) => !recorder.IsSlow(segment);

            internal override void Read(in PipelineSegment segment) => recorder.Reads(segment);

            internal override void Process(in PipelineSegment segment)
            {
                recorder.Processes(segment);
                done?.Add(segment);
            }

            public override void Dispose() => Interlocked.Increment(ref recorder._disposed);
        }
    }
}
