using System.Collections.Concurrent;
using NUnit.Framework;
using SafeTensor.Cli.Demo;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Whatever is changed in a package, it is refused: with the error that docs/format.md names, no code run, and nothing left in memory.</summary>
[NonParallelizable]
public sealed class CompletenessTests
{
    private static readonly DataType Float32 = new(2, 32, 1), Float64 = new(2, 64, 1), Int64 = new(0, 64, 1), UInt8 = new(1, 8, 1), Bool = new(1, 1, 1);

    private static readonly ModelSpec[] Small =
    [
        new("all-sealed") { Tensors = [("w", Float32, [4, 4]), ("b", Float32, [4])] },
        new("all-sealed-chacha")
        {
            Suite = CipherSuite.ChaCha20Poly1305,
            Tensors = [("w", Float32, [4, 4]), ("b", Float32, [4])],
            NotAfter = new DateTimeOffset(9000, 1, 1, 0, 0, 0, TimeSpan.Zero),
        },
    ];

    private TemporaryFolder _folder = null!;
    private SmallPackage[] _small = [];
    private long _cases, _scans, _pieces;

    [OneTimeSetUp]
    public void Seal()
    {
        _folder = TemporaryFolder.InMemory();
        _small = [.. Small.Select(spec => new SmallPackage(spec, _folder.Path))];
        MemoryLedger.StartWatching();
    }

    [OneTimeTearDown]
    public void Delete()
    {
        MemoryLedger.StopWatching();
        Array.ForEach(_small, package => package.Dispose());
        _folder.Dispose();
        TestContext.Progress.WriteLine($"{_cases} cases refused, {_pieces} pieces of memory taken, wiped and released, {_scans} searches of the whole process");
    }

    [Test]
    public void Each_package_runs_and_leaves_a_mark_when_nothing_is_changed()
    {
        foreach (var package in _small)
        {
            Assert.That(MemoryScan.Run(package.Markers).Copies, Is.Zero);
            package.AssertRuns(() => Assert.That(MemoryScan.Run(package.Markers).Copies, Is.EqualTo(1)));
            Assert.That(MemoryScan.Run(package.Markers).Copies, Is.Zero);
        }
    }

    [Test]
    public void Every_flipped_bit_of_a_small_package_is_refused() => TryAll(_small, scanEvery: 2000, FlipEveryBit);

    private static void FlipEveryBit(SmallPackage package, RefusalTrial trial)
    {
        foreach (var (name, original) in package.Sealed)
        {
            var changed = (byte[])original.Clone();
            for (var i = 0; i < 8 * changed.Length; i++)
            {
                var (at, bit) = (i / 8, i % 8);
                changed[at] ^= (byte)(1 << bit);
                package.Poke(name, at, changed[at]);
                trial.Try(name == SmallPackage.Params ? ExpectedRefusal.OfParams(changed, original) : ExpectedRefusal.WrongPackage, () => $"bit {bit} of byte {at} of {name}");
                changed[at] ^= (byte)(1 << bit);
                package.Poke(name, at, changed[at]);
            }
        }
    }

    private void TryAll(SmallPackage[] packages, int scanEvery, Action<SmallPackage, RefusalTrial> change)
    {
        var trials = new ConcurrentBag<RefusalTrial>();
        Parallel.ForEach(Partitioner.Create(packages, loadBalance: true), package =>
        {
            var trial = new RefusalTrial(package, scanEvery);
            trials.Add(trial);
            change(package, trial);
            package.AssertRuns();
        });
        _cases += trials.Sum(trial => trial.Cases);
        _scans += trials.Sum(trial => trial.Scans);
        _pieces += trials.Sum(trial => trial.PiecesOfMemory);
        TestContext.Progress.WriteLine($"{trials.Sum(trial => trial.Cases)} cases, {trials.Sum(t => t.ScanTime)} ms scanning");
        TestContext.Out.WriteLine($"{trials.Sum(trial => trial.Cases)} cases, {trials.Sum(t => t.ScanTime)} ms scanning");
        Assert.That(trials.SelectMany(trial => trial.Faults), Is.Empty);
    }
}
