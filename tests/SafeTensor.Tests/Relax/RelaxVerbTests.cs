using System.Text.Json;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests.Relax;

/// <summary>The command line with models of current TVM.</summary>
public sealed class RelaxVerbTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        Done("keygen", _folder["key"]);
        Done("seal", TestModel.Shared("relax-digits-dynamic").Folder, _folder["sealed"], "--key", _folder["key"]);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void Inspect_and_verify_need_no_library()
    {
        Done("inspect", _folder["sealed"]);
        Done("verify", _folder["sealed"], "--key", _folder["key"]);
    }

    [TestCase(1)]
    [TestCase(3)]
    public void Run_takes_a_file_of_any_length_that_fits(int count)
    {
        File.WriteAllBytes(_folder["image.bin"], new byte[count * 64 * sizeof(float)]);

        var json = Done("run", _folder["sealed"], "--key", _folder["key"], "--runtime", TestRuntime.RelaxLibrary, "--input", _folder["image.bin"]);

        var output = json.GetProperty("outputs")[0];
        Assert.That(output.GetProperty("shape").EnumerateArray().Select(length => length.GetInt32()), Is.EqualTo(new[] { count, 10 }));
        Assert.That(json.GetProperty("runtime").GetString(), Does.Contain("tvm-ffi"));
    }

    [Test]
    public void Run_without_a_file_uses_zeros() =>
        Assert.That(Done("run", _folder["sealed"], "--key", _folder["key"], "--runtime", TestRuntime.RelaxLibrary).GetProperty("outputs").GetArrayLength(), Is.EqualTo(1));

    [Test]
    public void Run_without_a_library_says_what_to_name()
    {
        var run = CliRun.Of("run", _folder["sealed"], "--key", _folder["key"]);

        Assert.That(run.ExitCode, Is.EqualTo(10 + (int)SafeModelError.RuntimeFailed));
        Assert.That(run.Error, Does.Contain("--runtime"));
    }

    [Test]
    public void Doctor_tells_of_a_runtime_for_these_models_too()
    {
        Assert.That(Done("doctor", "--runtime", TestRuntime.RelaxLibrary).GetProperty("runtime").GetString(), Does.Contain("tvm-ffi"));
    }

    private static JsonElement Done(params string[] arguments)
    {
        var run = CliRun.Of([.. arguments, "--json"]);
        Assert.That(run.ExitCode, Is.Zero, run.Output);
        return run.Json;
    }
}
