using System.Security.Cryptography;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Benchmarks;

/// <summary>The sample model, plain and sealed into a folder of its own.</summary>
internal sealed class DigitsModel : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("safetensor-bench-").FullName;
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);

    internal DigitsModel() => ModelSealer.Seal(Plain, Sealed, _key);

    internal static string Plain { get; } = Find();

    internal string Sealed => Path.Combine(_folder, "digits");

    /// <summary>On one thread, so that the kernels take the same time in every run.</summary>
    internal SafeModel Load() => SafeModel.Load(Sealed, _key, new SafeModelOptions { ThreadsPerRun = 1 });

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Find()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            var sample = Path.Combine(folder, "samples", "digits");

            // The repository's own: copies beside programs have no ONNX file.
            if (File.Exists(Path.Combine(sample, "digits.onnx")))
            {
                return sample;
            }
        }

        throw new DirectoryNotFoundException("samples/digits was not found above the benchmarks.");
    }
}
