using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Independent;

/// <summary>Signatures of the library and of the independent implementation are each valid to the other.</summary>
public sealed class IndependentSignatureTests
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);

    private readonly Publisher _first = new(), _second = new(ECCurve.NamedCurves.nistP384), _stranger = new();
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [OneTimeTearDown]
    public void DisposePublishers()
    {
        _first.Dispose();
        _second.Dispose();
        _stranger.Dispose();
    }

    [Test]
    public void The_independent_reader_trusts_the_librarys_signatures()
    {
        ModelSealer.Seal(TestData.Digits, _folder["sealed"], Key, new SealOptions { Signer = _first.Key });
        ModelSealer.Sign(_folder["sealed"], _second.Key);

        Assert.That(() => Open(_first.Pem), Throws.Nothing);
        Assert.That(() => Open(_second.Pem), Throws.Nothing);
        Assert.That(() => Open(_stranger.Pem, _second.Pem), Throws.Nothing);
        Assert.That(() => Open(_stranger.Pem), Throws.TypeOf<RefusedPackageException>().With.Property("Error").EqualTo(FormatError.SignatureInvalid));
    }

    [TestCase("P-256")]
    [TestCase("P-384")]
    public void The_library_trusts_the_independent_writers_signatures(string curve)
    {
        var publisher = PublisherPair.FromSecret(curve, RandomNumberGenerator.GetBytes(31));
        var draft = new PackageDraft(PlainModel.Odd.Body("signed"), PlainModel.Odd.Parts, new DraftSettings(Key)).Finish();
        var header = IndependentReader.Open(draft.GetValueOrDefault, Key).Header.Bytes;
        draft.Add("mod.sig", SignatureText.Write(header, publisher));
        PackageDraft.Write(draft, _folder.Path);

        Assert.That(() => Verify(publisher.Pem), Throws.Nothing);
        Assert.That(() => Verify(_first.Pem), Refused.With(SafeModelError.SignatureInvalid));
    }

    [Test]
    public void Both_refuse_a_flipped_bit_of_every_byte_but_in_the_signature_of_a_publisher_who_is_not_trusted_with_the_same_error()
    {
        var files = PublishedPackages.Build("signed");
        PackageDraft.Write(files, _folder["sealed"]);
        var vector = new Vector(Path.Combine(TestData.PinnedVectors, "signed"));
        var (key, pem) = (vector.Key, vector.Publishers.First());
        var trusted = PublisherPair.FromPem(pem);
        PublisherKey[] publishers = [PublisherKey.FromPem(pem, "publisher")];
        var others = Encoding.ASCII.GetString(files["mod.sig"]).LastIndexOf('{');
        var differences = new List<string>();
        foreach (var name in new[] { "mod.params", "mod.sig" })
        {
            for (var i = 0; i < files[name].Length; i++)
            {
                files[name][i] ^= (byte)(1 << (i % 8));
                File.WriteAllBytes(Path.Combine(_folder["sealed"], name), files[name]);
                var library = ErrorOf(() => SealedPackage.Open(_folder["sealed"], key, new PackageExpectations(null, 0, TimeProvider.System) { Publishers = publishers }));
                var reader = ErrorOf(() => IndependentReader.Open(files.GetValueOrDefault, key, new Demands { Trusted = [trusted] }));
                files[name][i] ^= (byte)(1 << (i % 8));
                if (library != reader || (library is null && (name != "mod.sig" || i < others)))
                {
                    differences.Add($"{name}[{i}]: the library says {library ?? "nothing"}, the reader {reader ?? "nothing"}");
                }
            }

            File.WriteAllBytes(Path.Combine(_folder["sealed"], name), files[name]);
        }

        Assert.That(differences, Is.Empty);

        string? ErrorOf(Func<object> open)
        {
            try
            {
                if (open() is SealedPackage package)
                {
                    using (package)
                    {
                        package.Verify(null, CancellationToken.None);
                    }
                }

                return null;
            }
            catch (SafeModelException refused)
            {
                return refused.Error.ToString();
            }
            catch (RefusedPackageException refused)
            {
                return refused.Error.ToString();
            }
        }
    }

    private void Open(params string[] trusted) =>
        IndependentReader.Open(_folder["sealed"], Key, new Demands { Trusted = Array.ConvertAll(trusted, PublisherPair.FromPem) });

    private void Verify(string trusted)
    {
        using var package = SealedPackage.Open(
            _folder.Path, Key, new PackageExpectations(null, 0, TimeProvider.System) { Publishers = [PublisherKey.FromPem(trusted, "publisher")] });
        package.Verify(null, CancellationToken.None);
    }
}
