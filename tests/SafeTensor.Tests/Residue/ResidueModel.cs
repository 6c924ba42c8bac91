using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using SafeTensor.Residue;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;
using SafeTensor.Tests.Independent;

namespace SafeTensor.Tests;

/// <summary>A sealed model, and needles from its weights and keys to look for in the memory of another process.</summary>
internal sealed class ResidueModel : IDisposable
{
    private const int MaxTensors = 4, MinDistinctBytes = 16;

    private readonly TemporaryFolder _folder = new();
    private readonly List<Needle> _needles = [];
    private readonly Dictionary<int, long> _weights = [];

    private ResidueModel(string source, CipherSuite suite)
    {
        var key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
        File.WriteAllBytes(KeyFile, key);
        File.WriteAllBytes(WrongKeyFile, RandomNumberGenerator.GetBytes(SafeModel.KeyLength));
        ModelSealer.Seal(source, Package, key, new SealOptions { Suite = suite });
        AddKeys(key, suite);
        AddWeights(Path.Combine(source, "mod.params"));
        Needle.Save(_needles, NeedleFile);
    }

    /// <summary>Its path: for what a process of the model needs.</summary>
    internal string Folder => _folder.Path;

    internal string Package => _folder["sealed"];

    internal string KeyFile => _folder["model.key"];

    internal string WrongKeyFile => _folder["wrong.key"];

    internal string NeedleFile => _folder["needles"];

    internal IReadOnlyList<Needle> Needles => _needles;

    /// <summary>The needles from the weights, by their numbers, and where each is when all weights are in place.</summary>
    internal IReadOnlyDictionary<int, long> Weights => _weights;

    /// <summary>A model that computes nothing, with a tensor of that many bytes and a small one after it.</summary>
    internal static ResidueModel OfSize(int length, CipherSuite suite = CipherSuite.Aes256Gcm)
    {
        using var source = new TemporaryFolder();
        var uint8 = new DataType(Code: 1, Bits: 8, Lanes: 1);
        var spec = new ModelSpec("residue") { Tensors = [("large", uint8, [length]), ("small", uint8, [10_240])] };
        SmallModel.Write(spec, source["plain"], source["mark"], source["secrets"], version: 1);
        return new ResidueModel(source["plain"], suite);
    }

    /// <param name="source">A plain model's folder.</param>
    internal static ResidueModel Of(string source) => new(source, CipherSuite.Aes256Gcm);

    /// <summary>Changes the last byte of the last tensor, or puts it right again.</summary>
    internal void FlipLastByte()
    {
        using var file = File.OpenHandle(Path.Combine(Package, "mod.params"), FileMode.Open, FileAccess.ReadWrite);
        var last = new byte[1];
        RandomAccess.Read(file, last, RandomAccess.GetLength(file) - 1);
        last[0] ^= 1;
        RandomAccess.Write(file, last, RandomAccess.GetLength(file) - 1);
    }

    public void Dispose() => _folder.Dispose();

    private void AddKeys(byte[] key, CipherSuite suite)
    {
        const int saltAt = 32, saltLength = 32;
        var manifest = new byte[1 << 16];
        using var file = File.OpenHandle(Path.Combine(Package, "mod.params"));
        RandomAccess.Read(file, manifest, fileOffset: 0);
        var salt = manifest.AsSpan(manifest.AsSpan().IndexOf("SAFETNSR"u8) + saltAt, saltLength).ToArray();
        var keys = PackageKeys.Derive(key, salt, (int)suite);
        _needles.AddRange(new[] { key, keys.Prk, keys.HeaderKey, keys.DataKey }.Select(bytes => Needle.Of(bytes)));
    }

    private void AddWeights(string path)
    {
        using var package = PackageFile.Open(path);
        using var file = File.OpenHandle(path);
        var tensors = ParamsReader.Read(package);
        var step = (tensors.Length + MaxTensors - 1) / MaxTensors;
        long place = 0;
        for (var i = 0; i < tensors.Length; i++)
        {
            var length = tensors[i].Info.ByteLength;
            if (i % step == 0 && length >= Needle.Length)
            {
                foreach (var at in new[] { 0, (length - Needle.Length) / 2, length - Needle.Length }.Distinct())
                {
                    AddWeight(file, tensors[i].Offset + at, place + at);
                }
            }

            place = (place + length + ModelSession.Alignment - 1) / ModelSession.Alignment * ModelSession.Alignment;
        }
    }

    // Runs of one value, as biases can be, may be anywhere.
    private void AddWeight(SafeFileHandle file, long offset, long place)
    {
        var bytes = new byte[Needle.Length];
        RandomAccess.Read(file, bytes, offset);
        if (bytes.Distinct().Count() >= MinDistinctBytes)
        {
            _weights.Add(_needles.Count, place);
            _needles.Add(Needle.Of(bytes));
        }
    }
}
