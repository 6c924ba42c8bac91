using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>A load that fails leaves nothing: no descriptor, no mapping, no library.</summary>
public sealed class FailedLoadTests
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [TestCaseSource(typeof(TestModel), nameof(TestModel.Digits))]
    public void Protection_that_cannot_be_had_leaves_nothing(TestModel digits)
    {
        var (source, options) = (digits.Folder, digits.Options);
        options.RequiredProtection = ProtectionLevel.Locked;

        AssertLeavesNothing(() => SafeModel.LoadPlain(source, options), SafeModelError.ProtectionUnavailable);
    }

    [Test]
    public void A_graph_that_names_a_function_the_code_has_not_leaves_nothing()
    {
        var copy = _folder.CopyOf(TestData.Digits);
        Replace(Path.Combine(copy, "mod.json"), "tvmgen_default_fused_nn_softmax", "tvmgen_default_no_such_function");

        AssertLeavesNothing(() => SafeModel.LoadPlain(copy, TestRuntime.Options));
    }

    [TestCaseSource(typeof(TestModel), nameof(TestModel.Digits))]
    public void Code_that_is_no_library_leaves_nothing(TestModel digits)
    {
        var copy = _folder.CopyOf(digits.Folder);
        File.WriteAllText(Path.Combine(copy, "mod.so"), "no library");

        AssertLeavesNothing(() => SafeModel.LoadPlain(copy, digits.Options), SafeModelError.ModelInvalid);
    }

    [Test]
    public void A_graph_that_is_none_leaves_nothing()
    {
        var copy = _folder.CopyOf(TestData.Digits);
        File.WriteAllText(Path.Combine(copy, "mod.json"), "{}");

        AssertLeavesNothing(() => SafeModel.LoadPlain(copy, TestRuntime.Options), SafeModelError.ModelInvalid);
    }

    [Test]
    public void A_changed_weight_leaves_nothing([ValueSource(typeof(TestModel), nameof(TestModel.DigitsLoads))] (TestModel Digits, LoadPath Path) load)
    {
        ModelSealer.Seal(load.Digits.Folder, _folder["sealed"], _key);
        var file = _folder["sealed/mod.params"];
        var bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);
        var options = load.Digits.Options;
        options.LoadPath = load.Path;

        AssertLeavesNothing(() => SafeModel.Load(_folder["sealed"], _key, options), SafeModelError.Tampered);
    }

    [Test]
    public void A_parameter_that_the_graph_does_not_know_is_named_and_leaves_nothing()
    {
        var copy = _folder.CopyOf(TestData.Digits);
        Replace(Path.Combine(copy, "mod.json"), "\"p7\"", "\"q7\"");

        AssertLeavesNothing(() => SafeModel.LoadPlain(copy, TestRuntime.Options), SafeModelError.ModelInvalid, "'p7'");
    }

    [Test]
    public void Parameters_that_Relax_code_does_not_know_leave_nothing()
    {
        var copy = _folder.CopyOf(TestModel.RelaxDigits.Folder);
        File.Copy(Path.Combine(TestModel.Shared("relax-magika").Folder, "mod.params"), Path.Combine(copy, "mod.params"), overwrite: true);

        AssertLeavesNothing(() => SafeModel.LoadPlain(copy, TestRuntime.RelaxOptions), SafeModelError.ModelInvalid, "embed_w");
    }

    private static void Replace(string file, string text, string other)
    {
        Assert.That(File.ReadAllText(file), Does.Contain(text));
        File.WriteAllText(file, File.ReadAllText(file).Replace(text, other, StringComparison.Ordinal));
    }

    private static void AssertLeavesNothing(Func<SafeModel> load, SafeModelError? error = null, string text = "")
    {
        TestRuntime.LoadDigits().Dispose();
        Fail();
        var (images, maps) = (Images(), CodeMappings());

        for (var i = 0; i < 5; i++)
        {
            Fail();
        }

        Assert.That((Images(), CodeMappings()), Is.EqualTo((images, maps)));

        void Fail()
        {
            var failure = Assert.Throws<SafeModelException>(() => load().Dispose())!;
            Assert.That(error is null || failure.Error == error, Is.True, $"{failure.Error}: {failure.Message}");
            Assert.That(failure.Message, Does.Contain(text));
        }
    }

    /// <summary>Descriptors of code images; other tests' are none, since tests run one after the other.</summary>
    private static int Images() =>
        Directory.GetFiles("/proc/self/fd").Count(file => new FileInfo(file).LinkTarget?.Contains("safetensor-code", StringComparison.Ordinal) ?? false);

    private static int CodeMappings() => File.ReadLines("/proc/self/maps").Count(line => line.Contains("safetensor-code", StringComparison.Ordinal));
}
