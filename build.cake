// Builds, checks and packs SafeTensor: ./build.sh --target=Test [--configuration=Debug]
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

var target = Argument("target", "Test");
var configuration = Argument("configuration", "Release");
var platform = RuntimeInformation.RuntimeIdentifier;
var tests = (Ran: false, Passed: 0, Failed: 0, Skipped: 0);

Task("Native").Does(() =>
{
    Cmake("artifacts/cmake", $"-DCMAKE_BUILD_TYPE={configuration}", "safetensor_tvm");
    Run("cmake", $"--install artifacts/cmake --prefix artifacts/native/{platform}/native");
});

Task("Build").IsDependentOn("Native").Does(() => Run("dotnet", $"build SafeTensor.sln --configuration {configuration}"));

Task("Test").IsDependentOn("Build").Does(() =>
{
    Cmake("artifacts/cmake", $"-DCMAKE_BUILD_TYPE={configuration}");
    Ctest("artifacts/cmake");
    NUnit($"tests/SafeTensor.Tests/bin/{configuration}/net10.0/SafeTensor.Tests.dll");
});

Task("Asan").Does(() => Sanitize("address"));

Task("Tsan").Does(() => Sanitize("thread"));

Task("Demo").IsDependentOn("Build").Does(() => Run("dotnet", $"SafeTensor.Cli/bin/{configuration}/net10.0/safetensor.dll demo"));

Task("Bench").IsDependentOn("Native").Does(() =>
    Run("dotnet", $"run --project tests/SafeTensor.Benchmarks --configuration Release -- --filter {Argument("filter", "*")}"));

Task("Publish").IsDependentOn("Native").Does(() =>
{
    CleanDirectory("artifacts/cli");
    Run("dotnet", $"publish SafeTensor.Cli --configuration {configuration} --runtime {platform} --output artifacts/cli");
});

Task("Pack").IsDependentOn("Build").Does(() =>
    Run("dotnet", $"pack SafeTensor.Runtime --configuration {configuration} --no-build --output artifacts/packages"));

Task("Lint").Does(() =>
{
    Run("dotnet", "format SafeTensor.sln --verify-no-changes");
    if (Context.Tools.Resolve("clang-format") is not null)
    {
        Run("clang-format", "--dry-run --Werror " + string.Join(' ', GetFiles("native/**/*.{h,c,cc}").Select(file => file.FullPath)));
    }
});

RunTarget(target);
if (tests.Ran)
{
    Console.WriteLine($"{tests.Passed} passed, {tests.Failed} failed" + (tests.Skipped > 0 ? $", {tests.Skipped} skipped" : ""));
    Environment.Exit(tests.Failed == 0 && tests.Passed > 0 ? 0 : 1);
}

void Cmake(string folder, string options, string part = "all")
{
    Run("cmake", $"-S native -B {folder} {options}");
    Run("cmake", $"--build {folder} --target {part} --parallel {Environment.ProcessorCount}");
}

void Sanitize(string sanitizer)
{
    Cmake($"artifacts/cmake-{sanitizer}", $"-DCMAKE_BUILD_TYPE=RelWithDebInfo -DST_SANITIZE={sanitizer}");
    Ctest($"artifacts/cmake-{sanitizer}");
}

void Ctest(string folder)
{
    var report = MakeAbsolute(File($"{folder}/ctest.xml"));
    var exitCode = StartProcess("ctest", $"--test-dir {folder} --output-on-failure --output-junit {report}");
    int Count(string outcome) => int.Parse(XmlPeek(report, $"/testsuite/@{outcome}"));
    var (failures, skips) = (Count("failures"), Count("skipped") + Count("disabled"));
    AddTests(exitCode, Count("tests") - failures - skips, failures, skips);
}

void NUnit(string assembly)
{
    var counts = new Dictionary<string, int>();
    var exitCode = StartProcess("dotnet", new ProcessSettings { Arguments = $"{assembly} --no-ansi", RedirectStandardOutput = true, RedirectedStandardOutputHandler = Read });
    int Count(string outcome) => counts.GetValueOrDefault(outcome);
    AddTests(counts.Count == 3 ? exitCode : 1, Count("succeeded"), Count("failed"), Count("skipped"));

    // The runner's summary is the only place where Microsoft.Testing.Platform tells its totals.
    string Read(string line)
    {
        Console.WriteLine(line);
        if (Regex.Match(line ?? "", "^ +(succeeded|failed|skipped): ([0-9]+)$") is { Success: true } total)
        {
            counts[total.Groups[1].Value] = int.Parse(total.Groups[2].Value);
        }

        return line;
    }
}

// A runner that fails without naming a failed test, or ends without a summary, counts as one failure.
void AddTests(int exitCode, int passed, int failed, int skipped) =>
    tests = (true, tests.Passed + passed, tests.Failed + Math.Max(failed, exitCode == 0 ? 0 : 1), tests.Skipped + skipped);

void Run(string tool, string arguments)
{
    if (StartProcess(tool, arguments) != 0)
    {
        throw new CakeException($"{tool} {arguments} failed");
    }
}
