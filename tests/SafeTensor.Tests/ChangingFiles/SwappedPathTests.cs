using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Native;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>Paths that come to mean something else while a package is read: a model is of one package, never of two.</summary>
[NonParallelizable]
public sealed class SwappedPathTests
{
    private const int Loads = 300, EnoughSwaps = 50;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;

    private string Package => _folder["package"];

    private string Other => _folder["other"];

    /// <summary>Two packages of one key, each of whose versions is the number that its model gives.</summary>
    [SetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        foreach (var (folder, number) in new[] { (Package, (byte)1), (Other, (byte)2) })
        {
            AnsweringModel.Create($"{folder}-plain", number);
            ModelSealer.Seal($"{folder}-plain", folder, _key, new SealOptions { ModelId = "answer", ModelVersion = number, ClearGraph = true });
        }
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_folder_swapped_while_it_loads_is_one_package_or_the_other_and_always_loads()
    {
        var counts = LoadBesides(new SwappingThread(() => Exchange(Package, Other)));

        Assert.That(counts.Refused, Is.Zero);
        Assert.That(Math.Min(counts.First, counts.Second), Is.Positive);
    }

    // The package that is replaced is deleted, perhaps while it is loaded.
    [Test]
    public void A_package_sealed_over_while_it_loads_is_one_or_the_other_and_always_loads()
    {
        using var publisher = new Publisher();
        var options = TestRuntime.Options with { TrustedPublishers = [publisher.Pem] };
        byte number = 1;
        SealOver();
        var loads = LoadBesides(new SwappingThread(SealOver), options: options);

        Assert.That(loads.Refused, Is.Zero);
        Assert.That(Math.Min(loads.First, loads.Second), Is.Positive);

        void SealOver()
        {
            number = (byte)(3 - number);
            var sealing = new SealOptions { ModelVersion = number, ClearGraph = true, Overwrite = true, Signer = publisher.Key };
            ModelSealer.Seal($"{(number == 1 ? Package : Other)}-plain", Package, _key, sealing);
        }
    }

    [Test]
    public async Task A_package_sealed_over_while_it_is_verified_or_inspected_is_one_or_the_other()
    {
        using var publisher = new Publisher();
        using var key = ModelKey.FromBytes(_key);
        SealOver();
        using var sealing = new SwappingThread(SealOver);
        for (var i = 0; i < Loads || sealing.Swaps < EnoughSwaps; i++)
        {
            Assert.That((await ModelSealer.VerifyAsync(Package, key)).IsSigned, Is.True);
            Assert.That((await ModelSealer.VerifyAsync(Package, [publisher.Pem])).Inputs, Has.Count.EqualTo(1));
            Assert.That(PackageInfo.Read(Package).IsSigned, Is.True);
        }

        void SealOver() => ModelSealer.Seal($"{Package}-plain", Package, _key, new SealOptions { ClearGraph = true, Overwrite = true, Signer = publisher.Key });
    }

    // Deterministic: when the key is asked for, the folder is open, and code and graph are not.
    [Test]
    public async Task A_package_sealed_over_while_its_key_is_asked_for_is_the_new_one([Values] bool isAsync)
    {
        using var key = new SwappingKey(_key, () => ModelSealer.Seal($"{Other}-plain", Package, _key, new SealOptions { ModelVersion = 2, Overwrite = true }));
        using var model = isAsync ? await SafeModel.LoadAsync(Package, key, TestRuntime.Options) : SafeModel.Load(Package, key, TestRuntime.Options);

        Assert.That(AnsweringModel.Ask(model), Is.EqualTo(2));
        Assert.That(key.FileIds.Distinct().Count(), Is.EqualTo(2));
    }

    [Test]
    public void A_file_that_is_missing_while_no_folder_took_the_others_place_is_named_at_once()
    {
        using var key = new SwappingKey(_key, () => File.Delete(Path.Combine(Package, "mod.so")));

        Assert.That(() => SafeModel.Load(Package, key, TestRuntime.Options), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("mod.so"));
        Assert.That(key.FileIds, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_package_that_is_replaced_over_and_over_is_given_up()
    {
        var number = 2;
        using var key = new SwappingKey(
            _key, () => ModelSealer.Seal($"{Other}-plain", Package, _key, new SealOptions { ModelVersion = (ulong)++number, Overwrite = true }), isEndless: true);

        Assert.That(() => SafeModel.Load(Package, key, TestRuntime.Options), Throws.InstanceOf<FileNotFoundException>().With.Message.Contains("its folder was replaced"));
        Assert.That(key.FileIds, Has.Count.LessThan(20));
    }

    [Test]
    public void A_link_to_a_folder_replaced_while_it_loads_is_one_package_or_the_other_and_always_loads()
    {
        var link = _folder["link"];
        File.CreateSymbolicLink(link, Package);
        var first = true;
        var counts = LoadBesides(
            new SwappingThread(() =>
            {
                first = !first;
                File.CreateSymbolicLink(_folder["new"], first ? Package : Other);
                Rename(_folder["new"], link, flags: 0);
            }),
            link);

        Assert.That(counts.Refused, Is.Zero);
        Assert.That(Math.Min(counts.First, counts.Second), Is.Positive);
    }

    [Test]
    public void A_file_swapped_while_it_loads_gives_a_whole_model_or_a_refusal([Values("mod.params", "mod.so", "mod.json")] string name)
    {
        var counts = LoadBesides(new SwappingThread(() => Exchange(Path.Combine(Package, name), Path.Combine(Other, name))));

        Assert.That(counts.Refused, Is.Positive);
        Assert.That(counts.First, Is.Positive);
        Assert.That(counts.Second, Is.Zero, "Two files of the second package were never there.");
    }

    [Test]
    public void All_files_swapped_one_by_one_while_they_load_give_a_whole_model_or_a_refusal()
    {
        string[] names = ["mod.params", "mod.so", "mod.json"];
        var turn = 0;
        var counts = LoadBesides(new SwappingThread(() =>
        {
            var name = names[turn++ % names.Length];
            Exchange(Path.Combine(Package, name), Path.Combine(Other, name));
        }));

        Assert.That(counts.Refused, Is.Positive);
    }

    [Test]
    public async Task A_folder_swapped_while_it_is_verified_or_inspected_is_one_package()
    {
        using var key = ModelKey.FromBytes(_key);
        using var swapping = new SwappingThread(() => Exchange(Package, Other));
        for (var i = 0; i < Loads; i++)
        {
            Assert.That((await ModelSealer.VerifyAsync(Package, key)).Inputs, Has.Count.EqualTo(1));
            Assert.That(PackageInfo.Read(Package).Inputs, Has.Count.EqualTo(1));
        }
    }

    private (int First, int Second, int Refused) LoadBesides(SwappingThread swapping, string? path = null, SafeModelOptions? options = null)
    {
        var versions = new int[3];
        var refused = 0;
        using (swapping)
        {
            for (var i = 0; i < Loads || swapping.Swaps < EnoughSwaps; i++)
            {
                try
                {
                    using var model = SafeModel.Load(path ?? Package, _key, options ?? TestRuntime.Options);
                    Assert.That(AnsweringModel.Ask(model), Is.EqualTo(model.Package!.ModelVersion), "A mixture was loaded.");
                    versions[model.Package.ModelVersion]++;
                }
                catch (SafeModelException e) when (e.Error is SafeModelError.WrongPackage or SafeModelError.Tampered)
                {
                    refused++;
                }
            }
        }

        TestContext.Out.WriteLine($"{versions[1]} of the first, {versions[2]} of the second, {refused} refused, beside {swapping.Swaps} swaps");
        return (versions[1], versions[2], refused);
    }

    private static void Exchange(string one, string other) => Rename(one, other, LibC.RENAME_EXCHANGE);

    private static void Rename(string from, string to, uint flags) => Assert.That(LibC.renameat2(LibC.AT_FDCWD, from, LibC.AT_FDCWD, to, flags), Is.Zero);

    /// <summary>Does something before it gives the key for the first time, or every time.</summary>
    private sealed class SwappingKey(byte[] key, Action swap, bool isEndless = false) : ModelKey
    {
        internal List<string> FileIds { get; } = [];

        protected internal override void Unwrap(KeyRequest request, Span<byte> destination)
        {
            FileIds.Add(Convert.ToHexString(request.FileId.Span));
            if (isEndless || FileIds.Count == 1)
            {
                swap();
            }

            key.CopyTo(destination);
        }

        protected internal override ValueTask UnwrapAsync(KeyRequest request, Memory<byte> destination, CancellationToken cancellationToken)
        {
            Unwrap(request, destination.Span);
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Swaps something over and over, at irregular moments.</summary>
    private sealed class SwappingThread : IDisposable
    {
        private readonly Task _task;
        private volatile bool _stop;

        internal SwappingThread(Action swap) => _task = Task.Factory.StartNew(
            () =>
            {
                var random = new Random(1);
                while (!_stop)
                {
                    swap();
                    Swaps++;
                    Thread.SpinWait(random.Next(20_000));
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        internal int Swaps { get; private set; }

        public void Dispose()
        {
            _stop = true;
            _task.GetAwaiter().GetResult();
        }
    }
}
