using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>The runtimes that the whole suite runs on: for graph-executor models the embedded one, or the library that SAFETENSOR_TEST_RUNTIME names; only tests read that variable.</summary>
internal static class TestRuntime
{
    internal static string? Library { get; } = Environment.GetEnvironmentVariable("SAFETENSOR_TEST_RUNTIME") is { Length: > 0 } path ? path : null;

    /// <summary>Apache's for Relax models; the test is skipped where it is not there.</summary>
    internal static string RelaxLibrary => Path.Combine(TestData.SharedFolder("tvm", "linux-x64"), "libtvm_runtime.so");

    /// <summary>New options, each time, for the test to set what it needs.</summary>
    internal static SafeModelOptions Options => new() { RuntimeLibrary = Library };

    internal static SafeModelOptions RelaxOptions => new() { RuntimeLibrary = RelaxLibrary };

    internal static SafeModel LoadDigits(SafeModelOptions? options = null) => SafeModel.LoadPlain(TestData.Digits, options ?? Options);
}
