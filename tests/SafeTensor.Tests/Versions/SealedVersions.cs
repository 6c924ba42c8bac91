using System.Security.Cryptography;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Versions;

/// <summary>The sample sealed in as many versions as a test asks for, and a folder with one version file for all of them.</summary>
internal sealed class SealedVersions : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    internal SealedVersions()
    {
        File.WriteAllBytes(KeyFile, Key);
        Directory.CreateDirectory(State);
    }

    internal byte[] Key { get; } = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);

    internal string KeyFile => _folder["digits.key"];

    /// <summary>Where the version file is, and nothing else.</summary>
    internal string State => _folder["state"];

    internal string VersionFile => Path.Combine(State, "model.versions");

    /// <summary>0 where there is no file.</summary>
    internal ulong Stored => File.Exists(VersionFile) ? SeenVersions.Decode(File.ReadAllBytes(VersionFile)).Of("", "digits") : 0;

    /// <summary>The names in <see cref="State"/>.</summary>
    internal IEnumerable<string> Files => Directory.GetFileSystemEntries(State).Select(path => Path.GetFileName(path));

    /// <summary>A name in the same temporary folder.</summary>
    internal string this[string name] => _folder[name];

    /// <summary>New options, each time, which name the version file.</summary>
    internal SafeModelOptions Options()
    {
        var options = TestRuntime.Options;
        options.VersionFile = VersionFile;
        return options;
    }

    /// <summary>The package of a version, sealed when it is first asked for.</summary>
    internal string Sealed(ulong version)
    {
        var path = _folder[$"v{version}"];
        return Directory.Exists(path) ? path : SealNew(path, new SealOptions { ModelVersion = version });
    }

    /// <summary>A package of its own, of the sample or of a changed copy.</summary>
    internal string SealNew(string path, SealOptions options, string? source = null)
    {
        ModelSealer.Seal(source ?? TestData.Digits, path, Key, options);
        return path;
    }

    /// <summary>A copy of the sample that a test can change before it seals it.</summary>
    internal string CopyOfDigits() => _folder.CopyOf(TestData.Digits, "digits");

    /// <summary>Loads a version, which raises the file.</summary>
    internal void Load(ulong version, SafeModelOptions? options = null) => SafeModel.Load(Sealed(version), Key, options ?? Options()).Dispose();

    public void Dispose() => _folder.Dispose();
}
