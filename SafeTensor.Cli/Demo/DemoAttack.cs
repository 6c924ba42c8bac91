using System.Security.Cryptography;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Demo;

/// <summary>One thing that somebody without the key, or with the wrong files, may try on a sealed model.</summary>
/// <param name="Name">In a few words.</param>
/// <param name="Attempt">Does it to a copy of the sealed model, whose folder it gets, and loads that.</param>
internal sealed record DemoAttack(string Name, Action<string> Attempt)
{
    /// <param name="sealedDirectory">The sealed model's folder.</param>
    /// <param name="package">The sealed model.</param>
    /// <param name="key">Its key.</param>
    /// <param name="options">To load it with.</param>
    internal static IEnumerable<DemoAttack> All(string sealedDirectory, PackageInfo package, ModelKey key, SafeModelOptions options)
    {
        yield return new("another key", copy =>
        {
            using var other = ModelKey.FromBytes(RandomNumberGenerator.GetBytes(SafeModel.KeyLength));
            SafeModel.Load(copy, other, options).Dispose();
        });
        foreach (var (name, file) in new[] { ("a flipped bit in the weights", "mod.params"), ("a flipped bit in the graph", "mod.json"), ("a flipped bit in the code", "mod.so") })
        {
            // Relax models have no graph, and others can have their weights in the code.
            if (File.Exists(Path.Combine(sealedDirectory, file)) && (file != "mod.params" || package.TensorCount > 0))
            {
                yield return new(name, copy =>
                {
                    FlipBit(Path.Combine(copy, file));
                    SafeModel.Load(copy, key, options).Dispose();
                });
            }
        }

        yield return new("a loader without a key", copy => SafeModel.LoadPlain(copy, options).Dispose());
    }

    /// <returns>Why the library refused it.</returns>
    /// <exception cref="InvalidOperationException">It did not.</exception>
    internal SafeModelException Run(string sealedDirectory, string copy)
    {
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.EnumerateFiles(sealedDirectory))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        try
        {
            Attempt(copy);
        }
        catch (SafeModelException refusal)
        {
            return refusal;
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }

        throw new InvalidOperationException($"The model loaded in spite of {Name}.");
    }

    private static void FlipBit(string path)
    {
        using var file = File.OpenHandle(path, access: FileAccess.ReadWrite);
        var last = RandomAccess.GetLength(file) - 1;
        Span<byte> one = stackalloc byte[1];
        RandomAccess.Read(file, one, last);
        one[0] ^= 1;
        RandomAccess.Write(file, one, last);
    }
}
