using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>The runtime that the whole suite runs on: the embedded one, or the library that SAFETENSOR_TEST_RUNTIME names. Only tests read that variable.</summary>
internal static class TestRuntime
{
    internal static string? Library { get; } = Environment.GetEnvironmentVariable("SAFETENSOR_TEST_RUNTIME") is { Length: > 0 } path ? path : null;

    /// <summary>New options, each time, for the test to set what it needs.</summary>
    internal static SafeModelOptions Options => new() { RuntimeLibrary = Library };

    internal static SafeModel LoadDigits(SafeModelOptions? options = null) => SafeModel.LoadPlain(TestData.Digits, options ?? Options);
}
