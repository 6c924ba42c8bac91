using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using NUnit.Framework;
using SafeTensor.Cli.Demo;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>A sealed package in a folder of its own, to be changed and put right again, and other sealings with the same key to change it with.</summary>
internal sealed class SmallPackage : IDisposable
{
    internal const string Params = "mod.params", Code = "mod.so", Graph = "mod.json", Signature = "mod.sig";

    private static readonly float[] Input = [1.5f, -2.25f];

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private readonly Dictionary<string, SafeFileHandle> _handles = [];
    private readonly string _mark;
    private readonly Publisher? _publisher;
    private readonly ExpectedRefusal _expected;
    private readonly SafeModelOptions _options = TestRuntime.Options;

    /// <param name="spec">What it holds.</param>
    /// <param name="root">Where it gets its folder.</param>
    internal SmallPackage(ModelSpec spec, string root)
    {
        Spec = spec;
        Folder = Path.Combine(root, spec.Name);
        _mark = Path.Combine(root, spec.Name + ".mark");
        if (spec.SignedOn is { } curve)
        {
            _publisher = new Publisher(curve);
            _options.TrustedPublishers = [_publisher.Pem];
        }

        var secrets = Path.Combine(root, spec.Name + ".secrets");
        Sealed = Seal(root, version: 1, secrets, Folder);
        Others = [Seal(root, version: 1, secrets: null, Folder + ".again"), Seal(root, version: 2, secrets + ".next", Folder + ".next")];
        _expected = new ExpectedRefusal([Sealed, .. Others], isPinned: _publisher is not null);
        Markers = Tests.Markers.Of(secrets);
        File.Delete(secrets);
        foreach (var name in Sealed.Keys)
        {
            _handles[name] = File.OpenHandle(Path.Combine(Folder, name), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        }
    }

    internal ModelSpec Spec { get; }

    internal string Folder { get; }

    /// <summary>The files' bytes as sealed.</summary>
    internal Dictionary<string, byte[]> Sealed { get; }

    /// <summary>The same model sealed once more with the same key, and the model's next version.</summary>
    internal Dictionary<string, byte[]>[] Others { get; }

    /// <summary>Of all that is encrypted in the package and would be found in memory.</summary>
    internal WeightMarkers Markers { get; }

    /// <summary>Whether it has secrets to look for. Apache's runtimes keep copies of them that nobody wipes.</summary>
    internal bool CanBeSearchedFor => Markers.Count > 0 && TestRuntime.Library is null;

    /// <summary>How often code of the package ran.</summary>
    internal long CodeRuns => File.Exists(_mark) ? new FileInfo(_mark).Length : 0;

    /// <summary>Descriptors that this holds in the package's folder.</summary>
    internal int Descriptors => _handles.Count;

    /// <summary>Every field of a file, and the segments of a part; of a signature every byte.</summary>
    internal static List<Piece> Pieces(string name, byte[] file) => name switch
    {
        Params => PackagePieces.OfParams(file),
        Signature => [.. Enumerable.Range(0, file.Length).Select(at => new Piece("byte", at, at + 1))],
        _ => PackagePieces.OfFile(file),
    };

    /// <summary>Overwrites a byte in place.</summary>
    internal void Poke(string name, long offset, byte value) => RandomAccess.Write(_handles[name], new ReadOnlySpan<byte>(in value), offset);

    /// <summary>Gives a file other contents.</summary>
    internal void Write(string name, ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_handles[name], bytes, 0);
        RandomAccess.SetLength(_handles[name], bytes.Length);
    }

    /// <summary>Which error is expected when the folder holds these files.</summary>
    internal string Expected(Dictionary<string, byte[]> files) => _expected.Of(files);

    /// <summary>Which error is expected when one file is <paramref name="changed"/> and the others are as sealed.</summary>
    internal string Expected(string name, byte[] changed) => Expected(new Dictionary<string, byte[]>(Sealed) { [name] = changed });

    internal void Restore(string name) => Write(name, Sealed[name]);

    /// <summary>Loads the package as users do; where it has no code, opens it and checks everything.</summary>
    /// <returns>The error's or the exception's name, or <see cref="ExpectedRefusal.Accepted"/>.</returns>
    internal string Open()
    {
        try
        {
            if (Spec.HasCode)
            {
                Load().Dispose();
            }
            else
            {
                using var package = SealedPackage.Open(Folder, _key, _options.Expectations);
                package.Verify(null, CancellationToken.None);
            }

            return ExpectedRefusal.Accepted;
        }
        catch (SafeModelException e)
        {
            return e.Error.ToString();
        }
        catch (Exception e)
        {
            return e.GetType().Name;
        }
    }

    internal SafeModel Load(LoadPath path = LoadPath.Auto) => SafeModel.Load(Folder, _key, _options with { LoadPath = path });

    internal void ForgetMark() => File.Delete(_mark);

    /// <summary>The control: as sealed it opens and runs, and its code leaves a mark.</summary>
    /// <param name="whileLoaded">Called once the model has run.</param>
    internal void AssertRuns(Action? whileLoaded = null)
    {
        if (!Spec.HasCode)
        {
            Assert.That(Open(), Is.EqualTo(ExpectedRefusal.Accepted), Spec.Name);
            return;
        }

        using (var model = Load())
        {
            Assert.That(model.Run(("x", Input))[0].ToArray<float>(), Is.EqualTo(Input), Spec.Name);
            Assert.That(CodeRuns, Is.EqualTo(1), $"{Spec.Name}: its code leaves a mark");
            whileLoaded?.Invoke();
        }

        ForgetMark();
    }

    public void Dispose()
    {
        foreach (var handle in _handles.Values)
        {
            handle.Dispose();
        }

        _publisher?.Dispose();
    }

    private Dictionary<string, byte[]> Seal(string root, ulong version, string? secrets, string destination)
    {
        // The same source is there already where it is sealed again.
        var plain = Path.Combine(root, $"{Spec.Name}.{version}.plain");
        if (secrets is not null)
        {
            SmallModel.Write(Spec, plain, _mark, secrets, version);
        }

        ModelSealer.Seal(plain, destination, _key, Spec.Options(version, _publisher?.Key));
        return Directory.GetFiles(destination).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);
    }
}
