using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Cli.Demo;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Versions;

/// <summary>A load raises the version file when all of it has succeeded, and only then.</summary>
public sealed class VersionedLoadTests
{
    private SealedVersions _digits = null!;

    [SetUp]
    public void MakeFolder() => _digits = new SealedVersions();

    [TearDown]
    public void Delete() => _digits.Dispose();

    [Test]
    public void A_load_raises_it_and_an_older_package_is_refused_from_then_on()
    {
        _digits.Load(3);
        Assert.That(_digits.Stored, Is.EqualTo(3));
        _digits.Load(3);
        _digits.Load(7);

        Assert.That(() => _digits.Load(3), Refused.With(SafeModelError.RolledBack, "mod.params is version 3 of 'digits'"));
        Assert.That(() => _digits.Load(6), Refused.With(SafeModelError.RolledBack, _digits.VersionFile));
        Assert.That(() => _digits.Load(6, TestRuntime.Options), Throws.Nothing, "without the file, any version is accepted");
        Assert.That(_digits.Stored, Is.EqualTo(7));
        Assert.That(_digits.Files, Is.EquivalentTo(new[] { "model.versions", "model.versions.lock" }));
    }

    [Test]
    public async Task Every_way_to_load_raises_it()
    {
        using var key = ModelKey.FromBytes(_digits.Key);
        (ulong Version, Func<string, Task<SafeModel>> Load)[] ways =
        [
            (1, package => Task.FromResult(SafeModel.Load(package, _digits.Key, _digits.Options()))),
            (2, package => Task.FromResult(SafeModel.Load(package, key, _digits.Options()))),
            (3, package => SafeModel.LoadAsync(package, _digits.Key, _digits.Options())),
            (4, package => SafeModel.LoadAsync(package, key, _digits.Options())),
        ];
        foreach (var (version, load) in ways)
        {
            using var model = await load(_digits.Sealed(version));

            Assert.That(_digits.Stored, Is.EqualTo(version));
            Assert.That(model.Package!.ModelVersion, Is.EqualTo(version));
            Assert.That(() => model.Run(DigitImages.Pixels[0]), Throws.Nothing);
        }
    }

    [Test]
    public void Another_model_has_a_version_of_its_own()
    {
        _digits.Load(7);

        SafeModel.Load(_digits.SealNew(_digits["letters"], new SealOptions { ModelId = "letters", ModelVersion = 2 }), _digits.Key, _digits.Options()).Dispose();

        Assert.That(_digits.Stored, Is.EqualTo(7));
        Assert.That(() => _digits.Load(2), Refused.With(SafeModelError.RolledBack));
    }

    [Test]
    public void Each_trusted_publisher_has_versions_of_its_own_and_so_have_loads_that_trust_nobody()
    {
        using Publisher alice = new(), bob = new();
        var two = _digits.SealNew(_digits["two"], new SealOptions { ModelId = "digits", ModelVersion = 2, Signer = alice.Key });
        ModelSealer.Sign(two, bob.Key);
        var stripped = _digits.SealNew(_digits["stripped"], new SealOptions { ModelId = "digits", ModelVersion = 2 });
        var five = _digits.SealNew(_digits["five"], new SealOptions { ModelId = "digits", ModelVersion = 5, Signer = alice.Key });
        _digits.Load(9);

        Load(two, alice, bob);
        Load(five, alice, bob);

        var seen = SeenVersions.Decode(File.ReadAllBytes(_digits.VersionFile));
        Assert.That((seen.Of("", "digits"), seen.Of(Thumbprint(alice), "digits"), seen.Of(Thumbprint(bob), "digits")), Is.EqualTo((9, 5, 2)));
        Assert.That(() => Load(two, alice, bob), Refused.With(SafeModelError.RolledBack, $"remembers version 5 by the publisher {Thumbprint(alice)}."));
        Assert.That(() => Load(two, bob), Throws.Nothing, "bob has signed nothing newer, and alice is not trusted here");

        // Without alice's signature, which anybody can take off, it is no newer.
        ModelSealer.Sign(stripped, bob.Key);
        Assert.That(() => Load(stripped, alice, bob), Refused.With(SafeModelError.RolledBack, $"remembers version 5 by the publisher {Thumbprint(alice)}."));
        Assert.That(() => Load(five), Refused.With(SafeModelError.RolledBack, "remembers version 9."));

        void Load(string package, params Publisher[] publishers)
        {
            var options = _digits.Options();
            options.TrustedPublishers = [.. publishers.Select(publisher => publisher.Pem)];
            SafeModel.Load(package, _digits.Key, options).Dispose();
        }

        static string Thumbprint(Publisher publisher) => PublisherKey.Of(publisher.Key).Thumbprint;
    }

    [Test]
    public async Task A_verification_checks_and_never_raises()
    {
        using var key = ModelKey.FromBytes(_digits.Key);
        _digits.Load(3);

        await ModelSealer.VerifyAsync(_digits.Sealed(5), key, _digits.Options());

        Assert.That(_digits.Stored, Is.EqualTo(3));
        Assert.That(async () => await ModelSealer.VerifyAsync(_digits.Sealed(2), key, _digits.Options()), Refused.With(SafeModelError.RolledBack, "remembers version 3"));
    }

    [Test]
    public void A_plain_load_does_not_look_at_it()
    {
        var options = TestRuntime.Options;
        options.VersionFile = _digits["none/at/all"];

        Assert.That(() => TestRuntime.LoadDigits(options).Dispose(), Throws.Nothing);
    }

    [Test]
    public void An_empty_path_is_misuse()
    {
        var options = TestRuntime.Options;
        options.VersionFile = "";

        Assert.That(() => _digits.Load(3, options), Throws.ArgumentException.With.Message.Contains("version file"));
    }

    [Test]
    public void A_load_that_fails_does_not_raise_it([Values] LoadPath path)
    {
        _digits.Load(1);
        var options = _digits.Options();
        options.LoadPath = path;
        var graph = _digits.CopyOfDigits();
        var text = File.ReadAllText(Path.Combine(graph, "mod.json"));
        File.WriteAllText(Path.Combine(graph, "mod.json"), text.Replace("tvmgen_default_fused_nn_softmax", "tvmgen_default_no_such_function", StringComparison.Ordinal));

        Flip(_digits.Sealed(2), "mod.params");
        Flip(_digits.Sealed(3), "mod.so");
        Flip(_digits.Sealed(4), "mod.json");
        _digits.SealNew(_digits["v5"], new SealOptions { ModelVersion = 5 }, graph);
        _digits.SealNew(_digits["v6"], new SealOptions { ModelVersion = 6, NotAfter = DateTimeOffset.UnixEpoch });
        _digits.SealNew(_digits["v7"], new SealOptions { ModelVersion = 7, ModelId = "digits " });

        Assert.That(() => _digits.Load(2, options), Refused.With(SafeModelError.Tampered));
        Assert.That(() => _digits.Load(3, options), Refused.With(SafeModelError.WrongPackage));
        Assert.That(() => _digits.Load(4, options), Refused.With(SafeModelError.WrongPackage));
        Assert.That(() => _digits.Load(5, options), Throws.TypeOf<SafeModelException>().With.Message.Contains("no_such_function"));
        Assert.That(() => _digits.Load(6, options), Refused.With(SafeModelError.Expired));
        options.ExpectedModelId = "digits";
        Assert.That(() => _digits.Load(7, options), Refused.With(SafeModelError.WrongPackage));
        options.MinimumVersion = 9;
        Assert.That(() => _digits.Load(8, options), Refused.With(SafeModelError.RolledBack));
        Assert.That(() => SafeModel.Load(_digits.Sealed(9), RandomNumberGenerator.GetBytes(32), options), Refused.With(SafeModelError.WrongKey));

        Assert.That(SeenVersions.Decode(File.ReadAllBytes(_digits.VersionFile)).Of("", "digits "), Is.Zero);
        Assert.That(_digits.Stored, Is.EqualTo(1));
    }

    [Test]
    public void A_load_that_does_not_reach_its_protection_does_not_raise_it()
    {
        _digits.Load(1);
        var options = _digits.Options();
        (options.LoadPath, options.RequiredProtection) = (LoadPath.LoadParams, ProtectionLevel.Secret);

        Assert.That(() => _digits.Load(2, options), Refused.With(SafeModelError.ProtectionUnavailable));
        Assert.That(_digits.Stored, Is.EqualTo(1));
    }

    [Test]
    public void A_load_that_is_cancelled_or_whose_progress_throws_does_not_raise_it()
    {
        _digits.Load(1);
        using var stop = new CancellationTokenSource();

        Assert.That(async () => await SafeModel.LoadAsync(_digits.Sealed(2), _digits.Key, _digits.Options(), new Reporter(stop.Cancel), stop.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await SafeModel.LoadAsync(_digits.Sealed(2), _digits.Key, _digits.Options(), new Reporter(() => throw new TimeoutException())), Throws.TypeOf<TimeoutException>());
        Assert.That(_digits.Stored, Is.EqualTo(1));
    }

    [Test]
    public async Task A_load_that_is_cancelled_while_it_waits_to_raise_it_leaves_nothing()
    {
        _digits.Load(1);
        using var folder = FolderHandle.Open(_digits.State);
        using var turn = folder.Lock("model.versions.lock", TimeSpan.Zero, CancellationToken.None);

        await AssertLeavesNothing(
            async () =>
            {
                using var stop = new CancellationTokenSource();
                var load = SafeModel.LoadAsync(_digits.Sealed(2), _digits.Key, _digits.Options(), new Reporter(() => stop.CancelAfter(50)), stop.Token);
                Assert.That(async () => await load, Throws.InstanceOf<OperationCanceledException>());
            });
        Assert.That(_digits.Stored, Is.EqualTo(1));
    }

    [Test]
    public async Task A_newer_version_that_loaded_meanwhile_refuses_a_load_that_had_begun_and_leaves_nothing_of_it()
    {
        _digits.Load(1);
        ulong newer = 100;

        await AssertLeavesNothing(
            async () =>
            {
                var version = ++newer;
                var load = SafeModel.LoadAsync(_digits.Sealed(version - 1), _digits.Key, _digits.Options(), new Reporter(() => Meanwhile(version)));
                await Task.WhenAny(load);
                Assert.That(() => load.GetAwaiter().GetResult(), Refused.With(SafeModelError.RolledBack, $"is version {version - 1} of 'digits'; the version file '{_digits.VersionFile}' remembers version {version}."));
                Assert.That(_digits.Stored, Is.EqualTo(version));
            });

        void Meanwhile(ulong version) => new VersionFile(_digits.VersionFile).Raise([], "digits", version, CancellationToken.None);
    }

    [Test]
    public void A_file_that_cannot_be_written_fails_the_load()
    {
        Directory.CreateDirectory(_digits.VersionFile + ".lock");

        Assert.That(() => _digits.Load(1), Throws.TypeOf<IOException>().With.Message.Contains("cannot remember version 1 of 'digits'"));
        Assert.That(_digits.Stored, Is.Zero);
    }

    /// <summary>The part of a load that raises the file comes last, when the model is whole.</summary>
    private static async Task AssertLeavesNothing(Func<Task> fail)
    {
        var weights = Markers.Of(Path.Combine(TestData.Digits, "mod.params"));
        await fail();
        var (images, maps, copies) = (Images(), CodeMappings(), MemoryScan.Run(weights).Copies);
        for (var i = 0; i < 3; i++)
        {
            await fail();
        }

        Assert.That((Images(), CodeMappings()), Is.EqualTo((images, maps)));
        Assert.That(MemoryScan.Run(weights).Copies, Is.LessThanOrEqualTo(copies));
    }

    private static int Images() =>
        Directory.GetFiles("/proc/self/fd").Count(file => new FileInfo(file).LinkTarget?.Contains("safetensor-code", StringComparison.Ordinal) ?? false);

    private static int CodeMappings() => File.ReadLines("/proc/self/maps").Count(line => line.Contains("safetensor-code", StringComparison.Ordinal));

    private static void Flip(string package, string name)
    {
        var path = Path.Combine(package, name);
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Acts once, when everything has been read.</summary>
    private sealed class Reporter(Action atTheEnd) : IProgress<ModelProgress>
    {
        public void Report(ModelProgress value)
        {
            if (value.BytesDone == value.BytesTotal)
            {
                atTheEnd();
            }
        }
    }
}
