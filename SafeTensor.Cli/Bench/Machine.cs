using System.Runtime.InteropServices;
using System.Text.Json;

namespace SafeTensor.Cli.Bench;

/// <summary>What numbers of this machine can be compared with those of another by.</summary>
/// <param name="Processor">Its name for itself.</param>
/// <param name="Cores">Physical ones.</param>
/// <param name="Threads">Logical processors, which is how many threads load.</param>
/// <param name="MemoryBytes">In all.</param>
/// <param name="System">The distribution and its kernel.</param>
/// <param name="DotNet">What runs this program.</param>
internal sealed record Machine(string Processor, int Cores, int Threads, long MemoryBytes, string System, string DotNet)
{
    internal static Machine Read()
    {
        const string processors = "/proc/cpuinfo";
        var cores = KernelText.Values(processors, "physical id").Zip(KernelText.Values(processors, "core id")).Distinct().Count();
        return new Machine(
            KernelText.Values(processors, "model name").FirstOrDefault() ?? RuntimeInformation.ProcessArchitecture.ToString(),
            cores > 0 ? cores : Environment.ProcessorCount,
            Environment.ProcessorCount,
            KernelText.Bytes("/proc/meminfo", "MemTotal"),
            $"{RuntimeInformation.OSDescription}, kernel {Environment.OSVersion.Version}",
            RuntimeInformation.FrameworkDescription);
    }

    internal void WriteJson(Utf8JsonWriter json, IEnumerable<string> runtimes)
    {
        json.WriteStartObject("machine");
        json.WriteString("processor", Processor);
        json.WriteNumber("cores", Cores);
        json.WriteNumber("threads", Threads);
        json.WriteNumber("memoryBytes", MemoryBytes);
        json.WriteString("system", System);
        json.WriteString("dotnet", DotNet);
        json.WriteStartArray("runtimes");
        foreach (var runtime in runtimes)
        {
            json.WriteStringValue(runtime);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
