using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>Whatever a package, a model or a folder's name says, messages, parts, logs and texts of the library show it and obey none of it.</summary>
public sealed class HostilePackageTests
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private TemporaryFolder _folder = null!;
    private RecordingLoggers _loggers = null!;

    [SetUp]
    public void MakeFolder() => (_folder, _loggers) = (new TemporaryFolder(), new RecordingLoggers());

    [TearDown]
    public void CheckLogsAndDelete()
    {
        foreach (var (_, _, text) in _loggers.Entries)
        {
            HostileText.AssertHarmless(text);
        }

        _loggers.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void A_model_whose_every_name_is_hostile_is_sealed_loaded_and_run_with_harmless_words([Range(0, 4)] int which)
    {
        HostileModel.RequireReaderOfEscapes();
        var text = HostileText.All[which];
        var source = HostileModel.Make(_folder, text, HostileText.AsFileName(text));
        HostileModel.EditGraph(source, "\"heads\": [", "\"heads\": [[14, 0, 0], ");
        var package = _folder["sealed " + HostileText.AsFileName(text)];
        var options = new SealOptions { ModelId = text, Producer = text, ClearTensors = [HostileModel.WeightName(text)], ClearGraph = true, LoggerFactory = _loggers };

        var made = ModelSealer.Seal(source, package, _key, options);
        using var model = SafeModel.Load(package, _key, Options);
        using var plain = SafeModel.LoadPlain(source, Options);

        foreach (var info in new[] { made, PackageInfo.Read(package), model.Package! })
        {
            Assert.That((info.ModelId, info.Producer, info.ClearTensors.Single(), info.Inputs[0].Name), Is.EqualTo((text, text, HostileModel.WeightName(text), text)), "as they are, for programs");
            HostileText.AssertHarmless(info.ToString());
        }

        HostileText.AssertHarmless(string.Join(' ', model.Inputs.Concat(model.Outputs)));
        HostileText.AssertHarmless(model.Protection.ToString());
        HostileText.AssertHarmless(string.Join(' ', model.Protection.Reasons));
        Assert.That(model.Protection.Reasons, Has.Some.Contains("the weight"));
        Assert.That(_loggers.Entries.Select(entry => entry.Id.Id), Is.SupersetOf(new[] { 1, 2, 101 }));
        MistakesInCalls(model, text);
    }

    [Test]
    public void Refusals_of_a_package_with_hostile_names_are_harmless([Range(0, 4)] int which)
    {
        var text = HostileText.All[which];
        var package = _folder[HostileText.AsFileName(text)];
        ModelSealer.Seal(TestData.Digits, package, _key);
        HostileModel.Forge(package, _key, manifest => HostileModel.With(
            manifest, text, text, [.. manifest.Tensors.Select((part, i) => HostileModel.Renamed(part, $"{HostileText.AsTensorName(text)}{i}"))]));

        Refuses(SafeModelError.WrongPackage, package, options => options.ExpectedModelId = "other");
        Refuses(SafeModelError.WrongPackage, package, options => options.ExpectedModelId = "\ud800" + text);
        Refuses(SafeModelError.RolledBack, package, options => options.MinimumVersion = 2);
        Refuses(SafeModelError.ModelInvalid, package);
        _key[0] ^= 1;
        Refuses(SafeModelError.WrongKey, package);
        _key[0] ^= 1;
        Damage(package);
        var refusal = Refuses(SafeModelError.Tampered, package);
        Assert.That(refusal.Part, Does.StartWith("mod.params: ").And.EndsWith("segment 0"));
        Assert.That(_loggers.Entries.Select(entry => entry.Id.Id), Is.All.EqualTo(3));
    }

    [Test]
    public void Names_that_no_manifest_may_have_are_refused_harmlessly([Range(0, 4)] int which)
    {
        var text = HostileText.All[which];
        ModelSealer.Seal(TestData.Digits, _folder["sealed"], _key);
        foreach (var change in new Func<Manifest, Manifest>[]
        {
            manifest => HostileModel.With(manifest, files: [HostileModel.Renamed(manifest.Files[0], text), manifest.Files[1]]),
            manifest => HostileModel.With(manifest, files: [HostileModel.Renamed(manifest.Files[0], "../" + text), manifest.Files[1]]),
            manifest => HostileModel.With(manifest, tensors: [.. manifest.Tensors.Select(part => HostileModel.Renamed(part, HostileText.AsTensorName(text)))]),
            manifest => HostileModel.With(manifest, tensors: [.. manifest.Tensors.Select((part, i) => HostileModel.Renamed(part, $"\u001b{text}{i}"))]),
        })
        {
            var package = _folder[Guid.NewGuid().ToString("N")];
            _folder.CopyOf(_folder["sealed"], package);
            HostileModel.Forge(package, _key, change);
            Refuses(SafeModelError.Tampered, package);
            HostileText.AssertHarmlessFailure<SafeModelException>(() => PackageInfo.Read(package));
        }
    }

    [Test]
    public void The_runtimes_own_words_are_shown_harmlessly([Range(0, 4)] int which)
    {
        var text = HostileText.All[which];
        var source = HostileModel.Make(_folder, text);
        HostileModel.EditGraph(source, "\"func_name\": \"tvmgen_default_fused_nn_softmax\"", $"\"func_name\": {HostileModel.Json(text)}");

        var refusal = HostileText.AssertHarmlessFailure<SafeModelException>(() => SafeModel.LoadPlain(source, Options));

        Assert.That(refusal.Error, Is.EqualTo(SafeModelError.RuntimeFailed));
        ModelSealer.Seal(source, _folder["sealed"], _key);
        Refuses(SafeModelError.RuntimeFailed, _folder["sealed"]);
    }

    [Test]
    public void Paths_are_shown_harmlessly([Range(0, 4)] int which)
    {
        var path = _folder[HostileText.AsFileName(HostileText.All[which])];
        HostileText.AssertHarmlessFailure<FileNotFoundException>(() => SafeModel.Load(path, _key, Options));
        HostileText.AssertHarmlessFailure<FileNotFoundException>(() => SafeModel.LoadPlain(path, Options));
        HostileText.AssertHarmlessFailure<FileNotFoundException>(() => ModelSealer.Seal(path, _folder["sealed"], _key));
        HostileText.AssertHarmlessFailure<FileNotFoundException>(() => PackageInfo.Read(path));
        HostileText.AssertHarmlessFailure<FileNotFoundException>(() => LoadWith(path));
        HostileText.AssertHarmlessFailure<ArgumentException>(() => SafeModel.Load(path + "\0", _key, Options));

        File.WriteAllText(path, "neither a key nor a model");
        HostileText.AssertHarmlessFailure<SafeModelException>(() => LoadWith(path));
        HostileText.AssertHarmlessFailure<SafeModelException>(() => SafeModel.LoadPlain(path, Options));
        HostileText.AssertHarmlessFailure<IOException>(() => ModelSealer.Seal(TestData.Digits, path, _key));
        File.Delete(path);

        Directory.CreateDirectory(Path.Combine(path, "mod.params"));
        HostileText.AssertHarmlessFailure<IOException>(() => SafeModel.LoadPlain(path, Options));
        HostileText.AssertHarmlessFailure<IOException>(() => SafeModel.Load(path, _key, Options));
        HostileText.AssertHarmlessFailure<IOException>(() => ModelSealer.Seal(TestData.Digits, path, _key));
        HostileText.AssertHarmlessFailure<IOException>(() => ModelSealer.Seal(TestData.Digits, path, _key, new SealOptions { Overwrite = true }));
        HostileText.AssertHarmlessFailure<ArgumentException>(() => ModelSealer.Seal(path, path, _key));
        Directory.Delete(path, recursive: true);

        _folder.CopyOf(TestData.Digits, path);
        HostileText.AssertHarmlessFailure<IOException>(() => ModelSealer.Seal(TestData.Digits, path, _key, new SealOptions { Overwrite = true }));
        HostileText.AssertHarmlessFailure<IOException>(() => ModelSealer.Seal(TestData.Digits, Path.Combine(path, "mod.so", "below"), _key));
        HostileText.AssertHarmlessFailure<IOException>(() => ModelSealer.Seal(TestData.Digits, path + new string('x', 250), _key));
        File.Delete(Path.Combine(path, "mod.so"));
        HostileText.AssertHarmlessFailure<FileNotFoundException>(() => SafeModel.LoadPlain(path, Options));
        ModelSealer.Seal(path, path + "s", _key, new SealOptions { LoggerFactory = _loggers });
        HostileText.AssertHarmlessFailure<FileNotFoundException>(() => SafeModel.Load(path + "s", _key, Options));
    }

    [Test]
    public void Damaged_signatures_are_shown_harmlessly()
    {
        using var publisher = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var package = _folder["sealed"];
        ModelSealer.Seal(TestData.Digits, package, _key, new SealOptions { Signer = publisher });
        var signature = File.ReadAllText(Path.Combine(package, "mod.sig"));
        foreach (var text in HostileText.All)
        {
            var header = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"alg":t{{text}}}"""));
            foreach (var damaged in new[] { text, $"t{text}", signature.Replace("\"protected\":\"", $"\"protected\":n{text}"), signature.Replace("\"signature\"", HostileModel.Json(text)), Regex.Replace(signature, "(?<=\"protected\":\")[^\"]*", header) })
            {
                Assert.That(damaged, Is.Not.EqualTo(signature));
                File.WriteAllText(Path.Combine(package, "mod.sig"), damaged);
                Refuses(SafeModelError.SignatureInvalid, package, options => options.TrustedPublishers = [publisher.ExportSubjectPublicKeyInfoPem()]);
            }
        }
    }

    [Test]
    public void Version_files_and_what_they_remember_are_shown_harmlessly([Range(0, 4)] int which)
    {
        var text = HostileText.All[which];
        var (package, folder) = (_folder["sealed"], _folder[HostileText.AsFileName(text)]);
        var versions = Path.Combine(folder, HostileText.AsFileName(text));
        ModelSealer.Seal(TestData.Digits, package, _key, new SealOptions { ModelId = text, ModelVersion = 2 });
        var options = Options;
        options.VersionFile = versions;
        HostileText.AssertHarmlessFailure<FileNotFoundException>(() => SafeModel.Load(package, _key, options));
        HostileText.AssertHarmlessFailure<ArgumentException>(() => SafeModel.Load(package, _key, options with { VersionFile = folder + "/" }));

        Directory.CreateDirectory(folder);
        SafeModel.Load(package, _key, options).Dispose();
        ModelSealer.Seal(TestData.Digits, package, _key, new SealOptions { ModelId = text, ModelVersion = 1, Overwrite = true });
        Refuses(SafeModelError.RolledBack, package, old => old.VersionFile = versions);
        File.WriteAllText(versions, $"t{text}");
        Refuses(SafeModelError.RolledBack, package, damaged => damaged.VersionFile = versions);
        File.Delete(versions);
        Directory.CreateDirectory(versions);
        Refuses(SafeModelError.RolledBack, package, other => other.VersionFile = versions);
        Directory.Delete(versions);
        File.Delete(versions + ".lock");
        Directory.CreateDirectory(versions + ".lock");
        HostileText.AssertHarmlessFailure<IOException>(() => SafeModel.Load(package, _key, options));
    }

    [Test]
    public void What_a_key_source_says_is_shown_harmlessly()
    {
        ModelSealer.Seal(TestData.Digits, _folder["sealed"], _key);
        foreach (var text in HostileText.All)
        {
            using var key = new TalkingKey(text);
            var refusal = Assert.Throws<SafeModelException>(() => SafeModel.Load(_folder["sealed"], key, Options))!;

            // The cause is the program's own exception, as it threw it.
            HostileText.AssertHarmless(refusal.Message);
            Assert.That(refusal.Error, Is.EqualTo(SafeModelError.KeyUnavailable));
        }
    }

    private SafeModelOptions Options => TestRuntime.Options.UseLoggerFactory(_loggers);

    private static void MistakesInCalls(SafeModel model, string text)
    {
        var pixels = DigitImages.Pixels[0];
        HostileText.AssertHarmlessFailure<ArgumentException>(() => model.Run((text + "x", pixels)));
        HostileText.AssertHarmlessFailure<ArgumentException>(() => model.Run((text, new float[3])));
        HostileText.AssertHarmlessFailure<ArgumentException>(() => model.Run((text, pixels), (text, pixels)));
        HostileText.AssertHarmlessFailure<ArgumentException>(() => model.Run([]));
        HostileText.AssertHarmlessFailure<ArgumentException>(() => model.Run<float, float>(pixels, pixels));
        HostileText.AssertHarmlessFailure<ArgumentException>(() => _ = model.Run((text, pixels))[text]);
        using var session = model.CreateSession();
        HostileText.AssertHarmlessFailure<ArgumentException>(() => session.Input<int>(text));
        HostileText.AssertHarmlessFailure<ArgumentException>(() => session.Input<float>(text + "x"));
        HostileText.AssertHarmlessFailure<ArgumentException>(() => session.Output<float>(text));
        HostileText.AssertHarmlessFailure<ArgumentException>(() => session.BindInput(0, new float[3].AsMemory()));
        HostileText.AssertHarmlessFailure<ArgumentException>(() => session.BindInput(0, new float[65].AsMemory(1)));
    }

    private SafeModelException Refuses(SafeModelError error, string package, Action<SafeModelOptions>? configure = null)
    {
        var options = Options;
        configure?.Invoke(options);
        var refusal = HostileText.AssertHarmlessFailure<SafeModelException>(() => SafeModel.Load(package, _key, options).Dispose());
        Assert.That(refusal.Error, Is.EqualTo(error));
        return refusal;
    }

    private void LoadWith(string keyFile)
    {
        if (!Directory.Exists(_folder["any"]))
        {
            ModelSealer.Seal(TestData.Digits, _folder["any"], _key);
        }

        using var key = ModelKey.FromFile(keyFile);
        SafeModel.Load(_folder["any"], key, Options).Dispose();
    }

    private static void Damage(string package)
    {
        var path = Path.Combine(package, "mod.params");
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private sealed class TalkingKey(string text) : ModelKey
    {
        protected internal override void Unwrap(KeyRequest request, Span<byte> destination) => throw new InvalidOperationException(text);

        protected internal override ValueTask UnwrapAsync(KeyRequest request, Memory<byte> destination, CancellationToken cancellationToken) => throw new InvalidOperationException(text);
    }
}
