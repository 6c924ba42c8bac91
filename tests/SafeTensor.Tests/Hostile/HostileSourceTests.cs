using System.Formats.Tar;
using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>Whatever a plain model's files say and are called, what is said of them shows it and obeys none of it.</summary>
public sealed class HostileSourceTests
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
    public void Sources_with_hostile_names_are_refused_harmlessly([Range(0, 4)] int which)
    {
        var text = HostileText.All[which];
        var file = HostileText.AsFileName(text);
        Unsealed(model => HostileModel.EditGraph(model, "\"p7\"", HostileModel.Json(text)));
        Unsealed(model => HostileModel.EditGraph(model, "\"float32\"", HostileModel.Json(text)));
        Unsealed(model => HostileModel.EditGraph(model, "\"nodes\"", HostileModel.Json(text)));
        Unsealed(model => HostileModel.EditGraph(model, "[1, 10]", HostileModel.Json(text)));
        Unsealed(model => File.WriteAllText(Path.Combine(model, "mod.json"), text));
        Unsealed(model => File.WriteAllText(Path.Combine(model, "mod.json"), $"t{text}"));
        Unsealed(model => HostileModel.EditGraph(model, "\"inputs\": []", $"\"inputs\": n{text}"));
        Unsealed(model => File.Move(Path.Combine(model, "mod.so"), Path.Combine(model, $"{file}.so")));
        Unsealed(model => File.Copy(Path.Combine(model, "mod.so"), Path.Combine(model, $"{file}.tar")));
        Unsealed(_ => { }, options => options with { ClearTensors = [text] });
        Unsealed(model =>
        {
            var number = 0;
            foreach (var name in Directory.GetFiles(model))
            {
                File.Move(name, Path.Combine(model, $"{number++}{file}"));
            }
        });
    }

    [Test]
    public void Search_paths_and_needed_libraries_are_shown_harmlessly()
    {
        foreach (var text in new[] { "\u001b[31mEVIL", "\n\r\b\v\fEVIL", "\u202EEV\u009bI" })
        {
            Unsealed(model => HostileModel.EditLibrary(model, text, HostileModel.RunPath));
            var source = _folder.CopyOf(TestData.Digits, Guid.NewGuid().ToString("N"));
            HostileModel.EditLibrary(source, text, HostileModel.Needed);
            ModelSealer.Seal(source, source + ".sealed", _key, new SealOptions { LoggerFactory = _loggers });
            HostileText.AssertHarmlessFailure<SafeModelException>(() => SafeModel.LoadPlain(source, Options));
        }

        Assert.That(_loggers.Entries.Where(entry => entry.Id.Id == 102).Select(entry => entry.Text), Has.Exactly(3).Contains("EV"));
    }

    [Test]
    public void Members_of_tars_are_shown_harmlessly()
    {
        foreach (var text in HostileText.All.Select(HostileText.AsTensorName))
        {
            var name = text.Replace('/', '|');
            foreach (var tar in new[] { new RawTar().Pax($"path={name}").Add("x", kind: '2'), new RawTar().Pax($"path=../{name}").Add("x"), new RawTar().Pax($"path={name}").Add("x").Pax($"path={name}").Add("x") })
            {
                File.WriteAllBytes(_folder["m.tar"], tar.End());
                HostileText.AssertHarmlessFailure<SafeModelException>(() => SourceFiles.Open(_folder["m.tar"]));
            }

            TarFile.Write(_folder["m.tar"], TarEntryFormat.Pax, new Dictionary<string, byte[]> { [name] = [] });
            HostileText.AssertHarmlessFailure<FileNotFoundException>(() => SourceFiles.Open(_folder["m.tar"]));
        }
    }

    [Test]
    public void Thousands_of_inputs_or_dimensions_make_no_long_message()
    {
        const int count = 2000;
        var source = _folder.CopyOf(TestData.Digits);
        var nodes = string.Join(',', Enumerable.Range(0, count).Select(i => $$"""{"op":"null","name":"{{i}}{{new string('n', 200)}}","inputs":[]}"""));
        var numbers = string.Join(',', Enumerable.Range(0, count));
        var types = string.Join(',', Enumerable.Repeat("\"int8\"", count));
        var shapes = string.Join(',', Enumerable.Repeat("[1]", count));
        File.WriteAllText(
            Path.Combine(source, "mod.json"),
            $$"""{"nodes":[{{nodes}}],"arg_nodes":[{{numbers}}],"heads":[],"attrs":{"dltype":["list_str",[{{types}}]],"storage_id":["list_int",[{{numbers}}]],"shape":["list_shape",[{{shapes}}]]},"node_row_ptr":[{{numbers}},{{count}}]}""");
        File.Delete(Path.Combine(source, "mod.params"));
        ModelSealer.Seal(source, _folder["sealed"], _key, new SealOptions { ClearGraph = true });
        using var model = SafeModel.Load(_folder["sealed"], _key, Options);
        Assert.That(PackageInfo.Read(_folder["sealed"]).Inputs, Has.Count.EqualTo(count));
        HostileText.AssertHarmlessFailure<ArgumentException>(() => model.Run(("image", DigitImages.Pixels[0])));
        HostileText.AssertHarmlessFailure<ArgumentException>(() => model.Run([]));

        HostileModel.EditGraph(source, $"[[1],", $"[[{numbers}],");
        HostileText.AssertHarmlessFailure<SafeModelException>(() => ModelSealer.Seal(source, _folder["other"], _key));
    }

    private SafeModelOptions Options => TestRuntime.Options.UseLoggerFactory(_loggers);

    private void Unsealed(Action<string> edit, Func<SealOptions, SealOptions>? configure = null)
    {
        var source = _folder.CopyOf(TestData.Digits, Guid.NewGuid().ToString("N"));
        edit(source);
        var options = new SealOptions { LoggerFactory = _loggers };
        HostileText.AssertHarmlessFailure<Exception>(() => ModelSealer.Seal(source, source + ".sealed", _key, configure?.Invoke(options) ?? options));
    }
}
