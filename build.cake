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

// ./build.sh --target=Fuzz [--seconds=60] [--only=NAME]: each fuzz target for so long, one after the other.
Task("Fuzz").IsDependentOn("Native").Does(() =>
{
    var missing = new[] { ("afl-fuzz", "afl++"), ("clang++", "clang") }.Where(tool => Context.Tools.Resolve(tool.Item1) is null).Select(tool => tool.Item2).ToList();
    if (missing.Count > 0)
    {
        throw new CakeException($"Fuzzing needs Debian's packages {string.Join(" and ", missing)}: apt-get install {string.Join(' ', missing)}");
    }

    var (seconds, only) = (Argument("seconds", 60), Argument("only", ""));
    var names = GetSubDirectories("native/fuzz/seeds").Select(folder => $"native-{folder.GetDirectoryName()}")
        .Concat(GetSubDirectories("tests/SafeTensor.Fuzz/seeds").Select(folder => folder.GetDirectoryName())).ToList();
    if (only is not "" && !names.Contains(only))
    {
        throw new CakeException($"There is no target '{only}'. There are: {string.Join(", ", names)}");
    }

    CleanDirectory("artifacts/fuzz");
    var findings = FuzzNative(seconds, only).Concat(FuzzManaged(seconds, only)).ToList();
    Run("dotnet", "tests/SafeTensor.Fuzz/bin/Release/net10.0/SafeTensor.Fuzz.dll clean");
    if (findings.Count > 0)
    {
        throw new CakeException($"The fuzzers found {findings.Count} inputs that break a promise:\n{string.Join('\n', findings)}");
    }
});

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

IEnumerable<string> FuzzNative(int seconds, string only)
{
    Cmake("artifacts/cmake-fuzz", "-DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DST_SANITIZE=address -DST_FUZZ=ON -DBUILD_TESTING=OFF", "fuzzers");
    foreach (var seeds in GetSubDirectories("native/fuzz/seeds").Where(folder => only is "" || only == $"native-{folder.GetDirectoryName()}"))
    {
        var name = seeds.GetDirectoryName();
        var output = MakeAbsolute(Directory($"artifacts/fuzz/native-{name}"));
        EnsureDirectoryExists(output.Combine("corpus"));
        var log = Capture(
            MakeAbsolute(File($"artifacts/cmake-fuzz/fuzz/fuzz_{name}")).FullPath,
            $"-max_total_time={seconds} -max_len=16384 -malloc_limit_mb=64 -timeout=60 -print_final_stats=1 -artifact_prefix={output}/ {output}/corpus {seeds}", output);
        var executions = Regex.Match(log, "stat::number_of_executed_units: ([0-9]+)").Groups[1].Value;
        var found = GetFiles($"{output}/{{crash,oom,timeout,leak}}-*").Select(file => file.FullPath).ToList();
        Console.WriteLine($"native-{name}: {executions} executions, {GetFiles($"{output}/corpus/*").Count} paths, {found.Count} findings");
        foreach (var finding in executions is "" && found.Count == 0 ? [$"{output}/log"] : found)
        {
            yield return finding;
        }
    }
}

// A copy is instrumented, so that no build ever ships the fuzzer's counters.
IEnumerable<string> FuzzManaged(int seconds, string only)
{
    const string built = "tests/SafeTensor.Fuzz/bin/Release/net10.0";
    Run("dotnet", "build tests/SafeTensor.Fuzz --configuration Release");
    CopyDirectory(built, "artifacts/fuzz/bin");
    Run("dotnet", $"{built}/SafeTensor.Fuzz.dll instrument artifacts/fuzz/bin/SafeTensor.Runtime.dll artifacts/fuzz/bin/safetensor.dll artifacts/fuzz/bin/System.Formats.Cbor.dll");
    var program = MakeAbsolute(File("artifacts/fuzz/bin/SafeTensor.Fuzz"));
    foreach (var seeds in GetSubDirectories("tests/SafeTensor.Fuzz/seeds").Where(folder => only is "" || only == folder.GetDirectoryName()))
    {
        var name = seeds.GetDirectoryName();
        var output = MakeAbsolute(Directory($"artifacts/fuzz/{name}"));
        EnsureDirectoryExists(output);
        Capture("afl-fuzz", $"-V {seconds} -t 10000 -m none -G 16384 -i {seeds} -o {output} -- {program} {name}", output);
        var statistics = $"{output}/default/fuzzer_stats";
        string Count(string what) => FileExists(statistics) ? Regex.Match(System.IO.File.ReadAllText(statistics), $"{what} *: ([0-9]+)").Groups[1].Value : "0";
        var found = GetFiles($"{output}/default/{{crashes,hangs}}/id*").Select(file => file.FullPath).ToList();
        Console.WriteLine($"{name}: {Count("execs_done")} executions, {Count("corpus_count")} paths, {found.Count} findings");
        foreach (var finding in Count("execs_done") is "0" && found.Count == 0 ? [$"{output}/log"] : found)
        {
            yield return finding;
        }
    }
}

// Fuzzers draw on the terminal; what they say goes into a file.
string Capture(string tool, string arguments, DirectoryPath folder)
{
    var log = new System.Text.StringBuilder();
    StartProcess(tool, new ProcessSettings
    {
        Arguments = arguments,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        RedirectedStandardOutputHandler = Keep,
        RedirectedStandardErrorHandler = Keep,
        // The program is no binary that AFL instrumented, and needs no setting of the machine's.
        EnvironmentVariables = new Dictionary<string, string>
        {
            ["AFL_SKIP_BIN_CHECK"] = "1", ["AFL_SKIP_CPUFREQ"] = "1", ["AFL_NO_UI"] = "1", ["AFL_NO_AFFINITY"] = "1", ["AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES"] = "1",
        },
    });
    System.IO.File.WriteAllText($"{folder}/log", log.ToString());
    return log.ToString();

    string Keep(string line)
    {
        lock (log)
        {
            log.AppendLine(line);
        }

        return line;
    }
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
