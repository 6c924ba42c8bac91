using System.Security.Cryptography;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Benchmarks;

/// <summary>A model of digits, plain and sealed into a folder of its own.</summary>
internal sealed class DigitsModel : IDisposable
{
    private const string LibraryName = "libtvm_runtime.so";

    private static readonly string RelaxFolder = Path.Combine("shared", "models", "relax-digits"), LibraryFolder = Path.Combine("shared", "tvm", "linux-x64");

    private readonly string _folder = Directory.CreateTempSubdirectory("safetensor-bench-").FullName;
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private readonly string? _library;

    /// <summary>The sample.</summary>
    internal DigitsModel()
        : this(Plain, library: null)
    {
    }

    private DigitsModel(string source, string? library)
    {
        _library = library;
        ModelSealer.Seal(source, Sealed, _key);
    }

    /// <summary>The sample's folder.</summary>
    internal static string Plain { get; } = Require(Path.Combine("samples", "digits"), "digits.onnx");

    /// <summary>Whether <see cref="Relax"/> is there.</summary>
    internal static bool HasRelax => FindUp(RelaxFolder, "mod.so") is not null && FindUp(LibraryFolder, LibraryName) is not null;

    internal string Sealed => Path.Combine(_folder, "digits");

    /// <summary>The one that current TVM compiled.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no <c>shared</c> beside the repository.</exception>
    internal static DigitsModel Relax() => new(Require(RelaxFolder, "mod.so"), Path.Combine(Require(LibraryFolder, LibraryName), LibraryName));

    /// <summary>On one thread, so that the kernels take the same time in every run.</summary>
    internal SafeModel Load() => SafeModel.Load(Sealed, _key, new SafeModelOptions { ThreadsPerRun = 1, RuntimeLibrary = _library });

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Require(string folder, string file) => FindUp(folder, file) ?? throw new DirectoryNotFoundException($"{folder} was not found above the benchmarks.");

    // With a file that the copies beside programs do not have.
    private static string? FindUp(string folder, string file)
    {
        for (var above = AppContext.BaseDirectory; above is not null; above = Path.GetDirectoryName(above))
        {
            var candidate = Path.Combine(above, folder);
            if (File.Exists(Path.Combine(candidate, file)))
            {
                return candidate;
            }
        }

        return null;
    }
}
