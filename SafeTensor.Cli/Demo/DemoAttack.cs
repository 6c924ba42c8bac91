using System.Security.Cryptography;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Demo;

/// <summary>One thing that somebody without the key, or with the wrong files, may try on a sealed model.</summary>
/// <param name="Name">In a few words.</param>
/// <param name="Attempt">Does it to a copy of the sealed model, whose folder it gets, and loads that.</param>
internal sealed record DemoAttack(string Name, Action<string> Attempt)
{
    /// <param name="plainDirectory">The same model's plain files, as an attacker may have of another release.</param>
    /// <param name="key">The right key.</param>
    internal static IReadOnlyList<DemoAttack> All(string plainDirectory, ModelKey key) =>
    [
        new("another key", copy =>
        {
            using var other = ModelKey.FromBytes(RandomNumberGenerator.GetBytes(SafeModel.KeyLength));
            SafeModel.Load(copy, other).Dispose();
        }),
        new("a flipped bit in the weights", copy =>
        {
            FlipBit(Path.Combine(copy, "mod.params"));
            SafeModel.Load(copy, key).Dispose();
        }),
        new("another graph", copy =>
        {
            File.Copy(Path.Combine(plainDirectory, "mod.json"), Path.Combine(copy, "mod.json"), overwrite: true);
            SafeModel.Load(copy, key).Dispose();
        }),
        new("a changed library", copy =>
        {
            FlipBit(Path.Combine(copy, "mod.so"));
            SafeModel.Load(copy, key).Dispose();
        }),
        new("a loader without a key", copy => SafeModel.LoadPlain(copy).Dispose()),
    ];

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

        throw new InvalidOperationException($"The model loaded in spite of {Name}.");
    }

    private static void FlipBit(string path)
    {
        using var file = File.OpenHandle(path, access: FileAccess.ReadWrite);
        var middle = RandomAccess.GetLength(file) / 2;
        Span<byte> one = stackalloc byte[1];
        RandomAccess.Read(file, one, middle);
        one[0] ^= 1;
        RandomAccess.Write(file, one, middle);
    }
}
