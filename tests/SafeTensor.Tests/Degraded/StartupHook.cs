using SafeTensor.Runtime;

/// <summary>What .NET calls before a program's own code, where <c>DOTNET_STARTUP_HOOKS</c> names this assembly: hardens the program, as its author would first of all.</summary>
/// <remarks>The runtime knows it by this name, without a namespace.</remarks>
internal static class StartupHook
{
    /// <summary>Where set, the program is hardened; else only looked at. What was found is a line on its error stream.</summary>
    internal const string Variable = "SAFETENSOR_TEST_HARDEN";

    public static void Initialize() =>
        Console.Error.WriteLine(Environment.GetEnvironmentVariable(Variable) is null ? ProcessHardening.Inspect() : ProcessHardening.Apply());
}
