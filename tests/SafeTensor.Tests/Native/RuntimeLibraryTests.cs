using System.Diagnostics;
using NUnit.Framework;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests;

/// <summary>Which runtime a process gets, each in a process of its own, since the first choice holds for good.</summary>
public sealed class RuntimeLibraryTests
{
    private const string Embedded = "libsafetensor_tvm.so";

    private readonly string[] _run = ["run", TestData.Digits, "--plain", "--input", SealedDigits.Image(0), "--scale", "0.004166667"];
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_library_that_is_no_runtime_is_refused_by_name()
    {
        var library = Compile("int unrelated(void) { return 0; }");

        var run = CliProcess.Run([.. _run, "--runtime", library]);

        Assert.That(run.ExitCode, Is.Not.Zero);
        Assert.That(run.Error, Does.Contain(library).And.Contain("TVM 0.14 to 0.19"));
    }

    [Test]
    public void A_runtime_without_the_graph_executor_is_refused()
    {
        var library = Compile(
            """
            int TVMFuncFree(void* function) { (void)function; return 0; }
            int TVMFuncGetGlobal(const char* name, void** out) { (void)name; *out = 0; return 0; }
            """);

        var run = CliProcess.Run([.. _run, "--runtime", library]);

        Assert.That(run.ExitCode, Is.Not.Zero);
        Assert.That(run.Error, Does.Contain("tvm.graph_executor.create").And.Contain("TVM 0.14 to 0.19"));
    }

    [Test]
    public void A_file_that_is_no_library_is_refused_with_the_loaders_words()
    {
        File.WriteAllText(_folder["text.so"], "text");

        var run = CliProcess.Run([.. _run, "--runtime", _folder["text.so"]]);

        Assert.That(run.ExitCode, Is.Not.Zero);
        Assert.That(run.Error, Does.Contain("file too short"));
    }

    [Test]
    public void No_environment_variable_chooses_the_runtime()
    {
        var nowhere = _folder["libtvm_runtime.so"];
        var run = CliProcess.Run([.. _run, "--json"], ("TVM_LIBRARY_PATH", _folder.Path), ("SAFETENSOR_TEST_RUNTIME", nowhere), ("SAFETENSOR_NATIVE_PATH", nowhere));

        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Json.GetProperty("runtime").GetString(), Does.StartWith("embedded "));
    }

    [Test]
    public void Where_the_embedded_runtime_is_missing_the_places_that_were_searched_are_named()
    {
        var program = CopyProgram();

        var run = Start(program);

        Assert.That(run.ExitCode, Is.Not.Zero);
        Assert.That(run.Error, Does.Contain(Embedded).And.Contain(_folder.Path).And.Contain("runtimes"));
    }

    [Test]
    public void The_embedded_runtime_is_found_in_the_folder_for_this_system()
    {
        var program = CopyProgram();
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, "runtimes", "linux-x64", "native")).FullName;
        File.Copy(Path.Combine(AppContext.BaseDirectory, Embedded), Path.Combine(folder, Embedded));

        var run = Start(program);

        Assert.That(run.ExitCode, Is.Zero, run.Error);
    }

    private string CopyProgram()
    {
        foreach (var file in Directory.GetFiles(AppContext.BaseDirectory).Where(file => Path.GetExtension(file) is ".dll" or ".json"))
        {
            File.Copy(file, _folder[Path.GetFileName(file)]);
        }

        return _folder["safetensor.dll"];
    }

    private CliRun Start(string program)
    {
        var start = new ProcessStartInfo("dotnet", [program, .. _run]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        return CliProcess.End(process);
    }

    private string Compile(string source)
    {
        var library = _folder["libother.so"];
        CCompiler.CompileLibrary(source, library);
        return library;
    }
}
