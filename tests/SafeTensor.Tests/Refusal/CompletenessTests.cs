using System.Collections.Concurrent;
using NUnit.Framework;
using SafeTensor.Cli.Demo;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Whatever is changed in a package, it is refused: with the error that docs/format.md names for the place, no code run, and nothing left in memory.</summary>
[NonParallelizable]
public sealed class CompletenessTests
{
    private const int RandomFlips = 20_000, Seed = 20_261;

    private TemporaryFolder _folder = null!;
    private SmallPackage[] _small = [];
    private SmallPackage[] _large = [];
    private long _cases, _scans, _pieces;

    [OneTimeSetUp]
    public void Seal()
    {
        _folder = TemporaryFolder.InMemory();
        _small = [.. Packages.Small.Select(spec => new SmallPackage(spec, _folder.Path))];
        _large = [.. Packages.Large.Select(spec => new SmallPackage(spec, _folder.Path))];
        MemoryLedger.StartWatching();
    }

    [OneTimeTearDown]
    public void Delete()
    {
        MemoryLedger.StopWatching();
        Array.ForEach([.. _small, .. _large], package => package.Dispose());
        _folder.Dispose();
        TestContext.Progress.WriteLine(
            $"{_cases} changed packages were refused; they took {_pieces} pieces of protected memory and gave back each as zeros; {_scans} times the whole process was searched.");
    }

    [Test]
    public void As_sealed_each_package_runs_and_its_code_leaves_a_mark_and_its_weights_are_found()
    {
        foreach (var package in _small.Concat(_large))
        {
            AssertFound(0);
            package.AssertRuns(() => AssertFound(1));
            AssertFound(0);

            void AssertFound(int copies) => Assert.That(package.CanBeSearchedFor ? MemoryScan.Run(package.Markers).Copies : copies, Is.EqualTo(copies), package.Spec.Name);
        }
    }

    [Test]
    public void Every_flipped_bit_of_a_small_package_is_refused() =>
        Assert.That(TryAll(_small, scanEvery: 1300, PackageChanges.FlipEveryBit), Is.GreaterThan(100_000));

    [Test]
    public void Every_change_at_a_boundary_of_a_small_package_is_refused() => TryAll(_small, scanEvery: 1300, PackageChanges.Edit);

    [Test]
    public void Every_piece_of_another_package_with_the_same_key_is_refused_in_a_small_package() => TryAll(_small, scanEvery: 500, PackageChanges.Mix);

    [Test]
    public void Every_change_at_a_boundary_of_a_package_of_several_segments_is_refused() => TryAll(_large, scanEvery: 400, trial =>
    {
        PackageChanges.Edit(trial);
        PackageChanges.FlipAtBoundaries(trial);
    });

    [Test]
    public void Every_piece_of_another_package_with_the_same_key_is_refused_in_a_package_of_several_segments() =>
        TryAll(_large, scanEvery: 150, PackageChanges.Mix);

    [Test]
    public void Random_flips_of_packages_of_several_segments_are_refused()
    {
        TestContext.Progress.WriteLine($"{RandomFlips} random flips with the seed {Seed}");
        TryAll(_large, scanEvery: 400, trial => PackageChanges.FlipAtRandom(trial, 1 + (RandomFlips / _large.Length), Seed));
    }

    [Test]
    public void Files_that_the_manifest_does_not_list_are_not_opened()
    {
        foreach (var package in _small)
        {
            // Whoever opens one finds that it is no file.
            var unlisted = new[] { "mod.key", "mod.sig", "mod.param", "deploy_lib.so", "mod.so", "mod.json" }.Except(package.Sealed.Keys).ToList();
            unlisted.ForEach(name => Directory.CreateDirectory(Path.Combine(package.Folder, name)));

            package.AssertRuns();
            unlisted.ForEach(name => Directory.Delete(Path.Combine(package.Folder, name)));
        }
    }

    [Test]
    public void Code_beside_a_package_that_was_sealed_without_it_does_not_run()
    {
        foreach (var package in _small.Where(package => !package.Spec.HasCode))
        {
            var code = Path.Combine(package.Folder, SmallPackage.Code);
            var mark = _folder["stray.mark"];
            File.WriteAllBytes(code, MarkingLibrary.Build(mark, []));

            Assert.That(() => package.Load(), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("sealed without compiled code"));
            Assert.That(mark, Does.Not.Exist);
            File.Delete(code);
        }
    }

    [Test]
    public void A_changed_tensor_leaves_no_weights_with_the_runtime_either([Values] bool large)
    {
        foreach (var package in (large ? _large : _small).Where(package => package.Spec is { HasCode: true, Tensors.Length: > 0 } && package.CanBeSearchedFor))
        {
            var at = package.Sealed[SmallPackage.Params].Length - 1;
            package.Poke(SmallPackage.Params, at, (byte)~package.Sealed[SmallPackage.Params][at]);
            var ledger = new MemoryLedger();
            ledger.Begin();

            // Here tensor after tensor goes to the runtime, whose code is loaded by then.
            Assert.That(() => package.Load(LoadPath.LoadParams), Refused.With(SafeModelError.Tampered), package.Spec.Name);
            Assert.That(ledger.Fault, Is.Null, package.Spec.Name);
            Assert.That(MemoryScan.Run(package.Markers).Copies, Is.Zero, package.Spec.Name);
            package.Restore(SmallPackage.Params);
            package.ForgetMark();
        }
    }

    private int TryAll(SmallPackage[] packages, int scanEvery, Action<RefusalTrial> change)
    {
        var trials = new ConcurrentBag<RefusalTrial>();
        Parallel.ForEach(Partitioner.Create(packages, EnumerablePartitionerOptions.NoBuffering), package =>
        {
            var trial = new RefusalTrial(package, scanEvery);
            trials.Add(trial);
            change(trial);
        });
        var cases = trials.Sum(trial => trial.Cases);
        _cases += cases;
        _scans += trials.Sum(trial => trial.Scans);
        _pieces += trials.Sum(trial => trial.PiecesOfMemory);
        TestContext.Out.WriteLine($"{cases} cases");
        Assert.That(trials.SelectMany(trial => trial.Faults), Is.Empty);

        // Else what came after the first change would have been refused for that.
        Array.ForEach(packages, package => package.AssertRuns());
        return cases;
    }
}
