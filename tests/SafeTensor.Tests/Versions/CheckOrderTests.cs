using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Versions;

/// <summary>Of two faults, a load names the one that the steps of docs/format.md, "Reading", come to first: nothing is looked at before what vouches for it.</summary>
public sealed class CheckOrderTests
{
    private static readonly DateTimeOffset NotAfter = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private byte[] _key = null!;
    private byte[] _usedKey = null!;
    private SafeModelOptions _options = null!;
    private SealedVersions _digits = null!;
    private long _header;
    private long _tags;
    private long _record;
    private string _package = null!;

    /// <summary>Each of another byte, file or option, in the order in which they must be found.</summary>
    private (string Name, SafeModelError Error, Action Make)[] Faults =>
    [
        ("1: list magic", SafeModelError.NotEncrypted, () => Flip("mod.params", 0)),
        ("1: number of tensors", SafeModelError.LimitExceeded, () => Flip("mod.params", 23)),
        ("1: the manifest's record", SafeModelError.Tampered, () => Flip("mod.params", _header - ParamsFormat.RecordLength(1) + 16)),
        ("2: SAFETNSR", SafeModelError.NotEncrypted, () => Flip("mod.params", _header)),
        ("2: format version", SafeModelError.UnsupportedFormat, () => Flip("mod.params", _header + 8)),
        ("2: suite", SafeModelError.UnsupportedFormat, () => Flip("mod.params", _header + 10)),
        ("2: segment size", SafeModelError.UnsupportedFormat, () => Flip("mod.params", _header + 12)),
        ("2: number of tags", SafeModelError.UnsupportedFormat, () => Flip("mod.params", _header + 24)),
        ("3: no signature of the publisher", SafeModelError.SignatureInvalid, TrustSomebodyElse),
        ("4: another key", SafeModelError.WrongKey, () => _usedKey[0] ^= 1),
        ("4: header", SafeModelError.Tampered, () => Flip("mod.params", _header + 175)),
        ("5: manifest", SafeModelError.Tampered, () => Flip("mod.params", _tags - 1)),
        ("5: list of names", SafeModelError.Tampered, () => Flip("mod.params", 54)),
        ("5: length of the file", SafeModelError.Tampered, () => Append("mod.params")),
        ("5: a tensor's record", SafeModelError.Tampered, () => Flip("mod.params", _record)),
        ("6: another model", SafeModelError.WrongPackage, () => _options.ExpectedModelId = "letters"),
        ("6: too old", SafeModelError.RolledBack, () => _options.MinimumVersion = 4),
        ("6: older than seen", SafeModelError.RolledBack, () => new VersionFile(_digits.VersionFile).Raise([], "digits", 9, CancellationToken.None)),
        ("6: expired", SafeModelError.Expired, () => _options.UseTimeProvider(new FixedTime(NotAfter.AddSeconds(1)))),
        ("6: graph", SafeModelError.WrongPackage, () => Flip("mod.json", 100)),
        ("6: code", SafeModelError.WrongPackage, () => Flip("mod.so", 100)),
        ("7: tensor", SafeModelError.Tampered, () => Flip("mod.params", _record + 10)),
        ("8: protection", SafeModelError.ProtectionUnavailable, RequireMoreThanCanBeHad),
    ];

    [OneTimeSetUp]
    public void Seal()
    {
        _digits = new SealedVersions();
        _key = _digits.Key;
        var package = _digits.SealNew(_digits["sealed"], new SealOptions { ModelVersion = 3, NotAfter = NotAfter });
        using var parameters = SealedParams.Open(package);
        (_header, _tags) = (parameters.ManifestOffset, parameters.ManifestOffset + ManifestHeader.Length + parameters.Header.BodyLength);

        // A sealed file has the structure of a plain one, so the plain reader finds its tensors. The last byte before one is of its length.
        _record = ParamsReader.Read(parameters.File)[2].Offset - 1;
    }

    [OneTimeTearDown]
    public void Delete() => _digits.Dispose();

    [Test]
    public void Of_any_two_faults_a_load_names_the_earlier_one()
    {
        var (faults, alone) = (Faults, new List<string>());
        for (var i = 0; i < faults.Length; i++)
        {
            alone.Add(Refusal(faults[i].Error, i));
        }

        var pairs = 0;
        for (var first = 0; first < faults.Length; first++)
        {
            for (var second = first + 1; second < faults.Length; second++, pairs++)
            {
                Assert.That(Refusal(faults[first].Error, first, second), Is.EqualTo(alone[first]), $"{faults[first].Name}, before {faults[second].Name}");
            }
        }

        TestContext.Out.WriteLine($"{faults.Length} faults, {pairs} pairs");

        string Refusal(SafeModelError error, params int[] made)
        {
            Prepare();
            foreach (var fault in made)
            {
                faults[fault].Make();
            }

            var refusal = Assert.Throws<SafeModelException>(() => SafeModel.Load(_package, _usedKey, _options).Dispose(), string.Join(", ", made.Select(fault => faults[fault].Name)))!;
            Assert.That(refusal.Error, Is.EqualTo(error), string.Join(", ", made.Select(fault => faults[fault].Name)));
            return refusal.Message;
        }
    }

    [Test]
    public async Task Of_any_two_faults_a_verification_gives_the_error_of_the_earlier_one()
    {
        // The last needs a model that is loaded.
        var faults = Faults[..^1];
        for (var first = 0; first < faults.Length; first++)
        {
            for (var second = first; second < faults.Length; second++)
            {
                Prepare();
                faults[first].Make();
                if (second > first)
                {
                    faults[second].Make();
                }

                using var key = ModelKey.FromBytes(_usedKey);
                try
                {
                    await ModelSealer.VerifyAsync(_package, key, _options);
                    Assert.Fail($"{faults[first].Name}, before {faults[second].Name}: accepted");
                }
                catch (SafeModelException e)
                {
                    Assert.That(e.Error, Is.EqualTo(faults[first].Error), $"{faults[first].Name}, before {faults[second].Name}: {e.Message}");
                }
            }
        }
    }

    [Test]
    public void Without_a_fault_it_loads()
    {
        Prepare();

        Assert.That(() => SafeModel.Load(_package, _usedKey, _options).Dispose(), Throws.Nothing);
    }

    private void Prepare()
    {
        _package = _digits["package"];
        foreach (var file in Directory.GetFiles(_digits["sealed"]))
        {
            Directory.CreateDirectory(_package);
            File.Copy(file, Path.Combine(_package, Path.GetFileName(file)), overwrite: true);
        }

        File.Delete(_digits.VersionFile);
        _usedKey = [.. _key];
        _options = _digits.Options().UseTimeProvider(new FixedTime(NotAfter));
        (_options.ExpectedModelId, _options.MinimumVersion) = ("digits", 3);
    }

    private void TrustSomebodyElse()
    {
        using var somebody = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _options.TrustedPublishers = [somebody.ExportSubjectPublicKeyInfoPem()];
        File.Delete(Path.Combine(_package, "mod.sig"));
    }

    private void RequireMoreThanCanBeHad() => (_options.LoadPath, _options.RequiredProtection) = (LoadPath.LoadParams, ProtectionLevel.Secret);

    private void Flip(string name, long offset)
    {
        using var file = File.Open(Path.Combine(_package, name), FileMode.Open, FileAccess.ReadWrite);
        file.Position = offset;
        var value = file.ReadByte();
        file.Position = offset;
        file.WriteByte((byte)(value ^ 0x80));
    }

    private void Append(string name)
    {
        using var file = File.Open(Path.Combine(_package, name), FileMode.Append);
        file.WriteByte(0);
    }
}
