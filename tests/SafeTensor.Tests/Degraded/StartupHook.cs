using SafeTensor.Runtime;

/// <summary>What .NET calls before a program's own code, where <c>DOTNET_STARTUP_HOOKS</c> names this assembly: hardens the program, as its author would first of all.</summary>
/// <remarks>The runtime knows it by this name, without a namespace.</remarks>
internal static class StartupHook
{
    /// <summary>A variable: where it is set, the program is hardened, else only looked at. What was found is a line on its error stream.</summary>
    internal const string Hardens = "SAFETENSOR_TEST_HARDENS";

    /// <summary>A variable: where it is set, the program crashes then.</summary>
    internal const string Crashes = "SAFETENSOR_TEST_CRASHES";

    public static void Initialize()
    {
        Console.Error.WriteLine(Environment.GetEnvironmentVariable(Hardens) is null ? ProcessHardening.Inspect() : ProcessHardening.Apply());
        if (Environment.GetEnvironmentVariable(Crashes) is not null)
        {
            Environment.FailFast("as the test asked");
        }
    }
}
