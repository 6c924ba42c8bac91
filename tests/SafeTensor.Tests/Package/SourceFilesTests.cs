using System.Formats.Tar;
using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>A model is found by every name that TVM, tvmc and their users give its files, in a folder or a tar; where it cannot be told, the message says so.</summary>
public sealed class SourceFilesTests
{
    private static readonly (string File, string Name)[] Mod = [("mod.so", "mod.so"), ("mod.json", "mod.json"), ("mod.params", "mod.params")];
    private static readonly (string File, string Name)[] Deploy = [("mod.params", "deploy_param.params"), ("mod.so", "deploy_lib.so"), ("mod.json", "deploy_graph.json")];
    private static readonly PackageExpectations Any = new(null, 0, TimeProvider.System);

    /// <summary>Each makes the sample under other names, and says where it is and what it is called.</summary>
    private static readonly Dictionary<string, Func<TemporaryFolder, (string Path, string ModelId)>> Sources = new()
    {
        ["a folder"] = folder => (Loose(folder, Mod), "loose"),
        ["mod.param"] = folder => (Loose(folder, [.. Mod[..2], ("mod.params", "mod.param")]), "loose"),
        ["deploy"] = folder => (Loose(folder, Deploy), "loose"),
        ["both habits"] = folder => (Loose(folder, [Mod[0], Deploy[2], ("mod.params", "mod.param")]), "loose"),
        ["beside others"] = folder => (Loose(folder, [.. Mod, ("digit0.png", "libother.so"), ("digit0.png", "README"), ("digit0.png", "data.tar.gz")]), "loose"),
        ["ustar"] = folder => (TarFile.Pack(folder["net-7.tar"], TestData.Digits, TarEntryFormat.Ustar, Mod), "net-7"),
        ["pax"] = folder => (TarFile.Pack(folder["net.v2.tar"], TestData.Digits, TarEntryFormat.Pax, Mod), "net.v2"),
        ["GNU"] = folder => (TarFile.Pack(folder["net"], TestData.Digits, TarEntryFormat.Gnu, Mod), "net"),
        ["tar of deploy"] = folder => (TarFile.Pack(folder["net.tar"], TestData.Digits, TarEntryFormat.Pax, Deploy), "net"),
        ["tar of ./"] = folder => (TarFile.Pack(folder["net.tar"], TestData.Digits, TarEntryFormat.Gnu, Mod.Select(file => (file.File, "./" + file.Name))), "net"),
        ["tar with more"] = folder => (
            TarFile.Pack(folder["net.tar"], TestData.Digits, TarEntryFormat.Pax, [("digit0.png", "old/mod.so"), .. Mod, ("digit1.png", "other.tar"), ("digit2.png", "lib.so")]), "net"),
        ["a tar in a folder"] = folder =>
        {
            TarFile.Pack(Path.Combine(Directory.CreateDirectory(folder["tvmc"]).FullName, "module.tar"), TestData.Digits, TarEntryFormat.Pax, Mod);
            return (folder["tvmc"], "tvmc");
        },
    };

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private TemporaryFolder _folder = null!;

    private static IEnumerable<string> Kinds => Sources.Keys;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void CheckDescriptorsAndDelete()
    {
        Assert.That(Directory.GetFiles("/proc/self/fd").Select(name => new FileInfo(name).LinkTarget ?? ""), Has.None.StartsWith(_folder.Path), "every file was closed");
        _folder.Dispose();
    }

    [TestCaseSource(nameof(Kinds))]
    public void Every_source_is_found_sealed_as_the_same_plaintext_and_runs_to_the_same_bits(string kind)
    {
        var (path, modelId) = Sources[kind](_folder);
        var before = Directory.GetFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories);

        var info = ModelSealer.Seal(path, _folder["sealed"], _key);

        Assert.That(info.ModelId, Is.EqualTo(modelId));
        Assert.That(Directory.GetFiles(_folder["sealed"]).Select(Path.GetFileName), Is.EquivalentTo(new[] { "mod.so", "mod.json", "mod.params" }));
        using (var package = SealedPackage.Open(_folder["sealed"], _key, Any))
        {
            Assert.That(Plaintext.Of(package), Is.EqualTo(SamplePlaintext.Value));
        }

        using var model = SafeModel.Load(_folder["sealed"], _key, TestRuntime.Options);
        using var plain = SafeModel.LoadPlain(path, TestRuntime.Options);
        Assert.That(Outputs(model), Is.EqualTo(Outputs(plain)));
        Assert.That(Outputs(plain), Is.EqualTo(SampleOutputs.Value));
        Directory.Delete(_folder["sealed"], recursive: true);
        Assert.That(Directory.GetFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories), Is.EquivalentTo(before), "nothing was unpacked");
    }

    [Test]
    public void A_lone_library_is_all_of_a_model_whatever_its_name([Values] bool inFolder)
    {
        var source = Lone(TestData.Digits, inFolder);

        var info = ModelSealer.Seal(source, _folder["sealed"], _key);

        Assert.That(info.ModelId, Is.EqualTo("net"));
        Assert.That(Directory.GetFiles(_folder["sealed"]).Select(Path.GetFileName), Is.EquivalentTo(new[] { "mod.so", "mod.params" }));
        using var package = SealedPackage.Open(_folder["sealed"], _key, Any);
        Assert.That(Plaintext.CodeOf(package), Is.EqualTo(File.ReadAllBytes(Path.Combine(TestData.Digits, "mod.so"))));
        Assert.That(() => SafeModel.LoadPlain(source, TestRuntime.Options), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("net.so, is no factory library"));
    }

    [Test]
    public void A_lone_factory_library_runs_to_the_same_bits([Values] bool inFolder)
    {
        var factory = TestData.SharedFolder("models", "digits-factory");
        var source = Lone(factory, inFolder);

        ModelSealer.Seal(source, _folder["sealed"], _key);

        using var known = SafeModel.LoadPlain(factory, TestRuntime.Options);
        using var plain = SafeModel.LoadPlain(source, TestRuntime.Options);
        using var model = SafeModel.Load(_folder["sealed"], _key, TestRuntime.Options);
        Assert.That(Outputs(plain), Is.EqualTo(Outputs(known)));
        Assert.That(Outputs(model), Is.EqualTo(Outputs(known)));
    }

    [Test]
    public void Where_the_model_cannot_be_told_the_message_names_what_is_there_and_the_way_out()
    {
        Unusable("mod.param, mod.params, and which of them is the model's parameters", "mod.so", "mod.params", "mod.param");
        Unusable("deploy_graph.json, mod.json", "mod.so", "mod.json", "deploy_graph.json");
        Unusable("deploy_lib.so, mod.so", "mod.so", "deploy_lib.so");
        Unusable("a.so, b.so and no mod.so", "a.so", "b.so", "x.txt");
        Unusable("net.so, mod.json, mod.params and no mod.so", "net.so", "mod.json", "mod.params");
        Unusable("net.so, mod.params and no mod.so", "net.so", "mod.params");
        Assert.That(() => Open("a.tar", "b.tar"), Refused.With(SafeModelError.ModelInvalid, "a.tar, b.tar, and which of them is the model cannot be told. Name the .tar itself"));
        Assert.That(() => Open("a.tar", "mod.so", "mod.json"), Refused.With(SafeModelError.ModelInvalid, "a.tar, mod.so, mod.json, and which"));
        Assert.That(() => Open("a.tar", "net.so"), Refused.With(SafeModelError.ModelInvalid, "a.tar, net.so, and which"));
    }

    [Test]
    public void Where_there_is_no_model_the_message_names_what_is_there_and_the_way_out()
    {
        Missing("which has no files. It needs mod.so or deploy_lib.so or a single .so, or mod.params or mod.param or deploy_param.params");
        Missing("which has README, mod.json. It needs", "README", "mod.json");
        Missing("a8, a9, b, c, d, e, f, g and 1 more. It needs", [.. Enumerable.Range(0, 8).Select(i => $"a{i}"), "a8", "a9", "b", "c", "d", "e", "f", "g", "h"]);
        Unusable("has metadata.json: TVM's Model Library Format, source code that is still to be compiled. Compile the model with `tvmc compile --output-format so`", "metadata.json");
        Unusable("has model.tar.gz: no model, unless it is compressed. Unpack it first", "model.tar.gz");
        Unusable("has devc.o, lib0.o: a library that is still to be linked. Compile the model with `tvmc compile --output-format so`", "lib0.o", "devc.o");
        Assert.That(() => OpenTar("d/mod.so", "d/mod.json", "d/mod.params"), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("which has d/mod.json, d/mod.params, d/mod.so").And.Message.Contains("tar -C FOLDER"));
        Assert.That(
            () => OpenTar("./metadata.json", "./codegen/host/src/default_lib0.c", "./codegen/host/lib/lib0.o", "./executor-config/graph/default.graph", "./parameters/default.params"),
            Refused.With(SafeModelError.ModelInvalid, "Model Library Format"));
        Assert.That(() => OpenTar("mod.tar", "mod.json"), Refused.With(SafeModelError.ModelInvalid, "still to be linked"));
    }

    [Test]
    public void What_is_not_there_or_no_model_at_all_is_named()
    {
        File.WriteAllText(_folder["model.onnx"], "not compiled");

        Assert.That(() => SourceFiles.Open(_folder["none"]), Throws.TypeOf<FileNotFoundException>().With.Message.Contains($"'{_folder["none"]}'"));
        Assert.That(() => SourceFiles.Open(_folder["none.so"]), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("none.so"));
        Assert.That(() => SourceFiles.Open(_folder["none.tar"]), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("none.tar"));
        Assert.That(() => SourceFiles.Open(_folder["a\0b"]), Throws.ArgumentException);
        Assert.That(() => SourceFiles.Open(_folder["model.onnx"]), Refused.With(SafeModelError.ModelInvalid, "model.onnx is neither a tar nor a .so"));
        File.WriteAllText(_folder["net.so"], "no library");
        Assert.That(() => ModelSealer.Seal(_folder["net.so"], _folder["sealed"], _key), Refused.With(SafeModelError.ModelInvalid, "net.so is not a shared library"));
        Assert.That(() => SafeModel.LoadPlain(_folder["net.so"], TestRuntime.Options), Refused.With(SafeModelError.ModelInvalid, "net.so"));
    }

    [Test]
    public void Damage_in_a_tars_files_is_named_with_both_names()
    {
        var model = _folder.CopyOf(TestData.Digits);
        File.WriteAllBytes(Path.Combine(model, "mod.params"), File.ReadAllBytes(Path.Combine(model, "mod.params"))[..^1]);
        TarFile.Pack(_folder["net.tar"], model, TarEntryFormat.Pax, Mod);

        // Cut off where the file ends, although the tar goes on behind it.
        Assert.That(() => ModelSealer.Seal(_folder["net.tar"], _folder["sealed"], _key), Refused.With(SafeModelError.ModelInvalid, "net.tar/mod.params is cut off"));
        Assert.That(() => SafeModel.LoadPlain(_folder["net.tar"], TestRuntime.Options), Refused.With(SafeModelError.ModelInvalid, "net.tar/mod.params is cut off"));
    }

    [Test]
    public void A_tar_that_is_sealed_over_itself_or_its_folder_is_refused()
    {
        TarFile.Pack(_folder["net.tar"], TestData.Digits, TarEntryFormat.Pax, Mod);
        var options = new SealOptions { Overwrite = true };

        Assert.That(() => ModelSealer.Seal(_folder["net.tar"], _folder["net.tar"], _key, options), Throws.ArgumentException);
        Assert.That(() => ModelSealer.Seal(_folder["net.tar"], _folder.Path, _key, options), Throws.ArgumentException);
    }

    [Test]
    public void A_clear_tensor_is_asked_for_in_vain_where_there_are_no_parameters() =>
        Assert.That(
            () => ModelSealer.Seal(Lone(TestData.Digits, inFolder: false), _folder["sealed"], _key, new SealOptions { ClearTensors = ["p0"] }),
            Throws.ArgumentException.With.Message.Contains("p0"));

    private static Lazy<List<string>> SamplePlaintext { get; } = new(() =>
    {
        using var package = PlainPackage.Open(TestData.Digits);
        return Plaintext.Of(package);
    });

    private static Lazy<byte[][]> SampleOutputs { get; } = new(() =>
    {
        using var model = TestRuntime.LoadDigits();
        return Outputs(model);
    });

    private static byte[][] Outputs(SafeModel model) => Array.ConvertAll(DigitImages.Pixels, pixels => model.Run(pixels)[0].Bytes.ToArray());

    private static string Loose(TemporaryFolder folder, params IEnumerable<(string File, string Name)> files)
    {
        var loose = Directory.CreateDirectory(folder["loose"]).FullName;
        foreach (var (file, name) in files)
        {
            File.Copy(Path.Combine(TestData.Digits, file), Path.Combine(loose, name));
        }

        return loose;
    }

    private string Lone(string model, bool inFolder)
    {
        var folder = Directory.CreateDirectory(_folder["net"]).FullName;
        var path = Path.Combine(folder, "net.so");
        File.Copy(Path.Combine(model, "mod.so"), path);
        return inFolder ? folder : path;
    }

    // The same of a folder and of a tar.
    private void Unusable(string text, params string[] names)
    {
        Assert.That(() => Open(names), Refused.With(SafeModelError.ModelInvalid, text));
        Assert.That(() => OpenTar(names), Refused.With(SafeModelError.ModelInvalid, text));
    }

    private void Missing(string text, params string[] names)
    {
        Assert.That(() => Open(names), Throws.TypeOf<FileNotFoundException>().With.Message.Contains(text));
        if (names.Length > 0)
        {
            Assert.That(() => OpenTar(names), Throws.TypeOf<FileNotFoundException>().With.Message.Contains(text));
        }
    }

    private SourceFiles Open(params IEnumerable<string> names)
    {
        var folder = Directory.CreateDirectory(_folder[Guid.NewGuid().ToString("N")]).FullName;
        foreach (var name in names)
        {
            File.WriteAllText(Path.Combine(folder, name), "");
        }

        return SourceFiles.Open(folder);
    }

    private SourceFiles OpenTar(params IEnumerable<string> names)
    {
        TarFile.Write(_folder["model.tar"], TarEntryFormat.Pax, names.ToDictionary(name => name, _ => Array.Empty<byte>()));
        return SourceFiles.Open(_folder["model.tar"]);
    }
}
