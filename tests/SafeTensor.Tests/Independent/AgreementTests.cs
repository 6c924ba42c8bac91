using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Independent;

/// <summary>The library and the independent reader refuse the same packages, each with the same error.</summary>
public sealed class AgreementTests
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void Both_refuse_a_flipped_bit_of_every_byte_with_the_same_error()
    {
        var files = Draft().Finish();
        PackageDraft.Write(files, _folder.Path);
        var differences = new List<string>();
        foreach (var (name, bytes) in files)
        {
            for (var i = 0; i < bytes.Length; i++)
            {
                var mask = (byte)(1 << (i % 8));
                bytes[i] ^= mask;
                Compare($"{name}[{i}] ^ {mask}", name, bytes, differences);
                bytes[i] ^= mask;
            }

            File.WriteAllBytes(_folder[name], bytes);
        }

        Assert.That(differences, Is.Empty);
        Assert.That((LibraryError(), ReaderError()), Is.EqualTo((MalformedPackages.Accepted, MalformedPackages.Accepted)));
    }

    [Test]
    public void Both_refuse_a_file_that_is_cut_anywhere_with_the_same_error()
    {
        var files = Draft().Finish();
        PackageDraft.Write(files, _folder.Path);
        var differences = new List<string>();
        foreach (var (name, bytes) in files)
        {
            for (var length = 0; length < bytes.Length; length++)
            {
                Compare($"{name} of {length} bytes", name, bytes[..length], differences);
            }

            Compare($"{name} and a byte", name, [.. bytes, 0], differences);
            File.WriteAllBytes(_folder[name], bytes);
        }

        Assert.That(differences, Is.Empty);
    }

    [TestCaseSource(typeof(MalformedPackages), nameof(MalformedPackages.Bodies))]
    public void Both_say_the_same_of_a_body_with(Func<byte[], byte[]> change)
    {
        var expected = (string)TestContext.CurrentContext.Test.Properties.Get(MalformedPackages.Expected)!;
        PackageDraft.Write(Draft().Finish(change), _folder.Path);

        Assert.That((LibraryError(), ReaderError()), Is.EqualTo((expected, expected)));
    }

    [Test]
    public void Both_refuse_code_of_no_bytes()
    {
        var model = PlainModel.Empty with { Code = [] };
        PackageDraft.Write(new PackageDraft(model.Body("m"), model.Parts, new DraftSettings(Key)).Finish(), _folder.Path);

        Assert.That((LibraryError(), ReaderError()), Is.EqualTo((nameof(FormatError.WrongPackage), nameof(FormatError.WrongPackage))));
    }

    /// <summary>Everything that a package can have, in a thousand bytes.</summary>
    private static PackageDraft Draft()
    {
        TensorPart[] tensors =
        [
            TensorPart.Of("weight", TensorPart.FloatType, 32, [3, 2]),
            TensorPart.Of("open", TensorPart.SignedType, 8, [5]),
            TensorPart.Of("none", TensorPart.SignedType, 8, [0]),
        ];
        var model = PlainModel.WithRandomData(tensors) with { Code = RandomNumberGenerator.GetBytes(20), Graph = PlainModel.GraphOf(tensors) };
        return new PackageDraft(model.Body("m", "open", "mod.json"), model.Parts, new DraftSettings(Key));
    }

    private void Compare(string what, string name, byte[] bytes, List<string> differences)
    {
        File.WriteAllBytes(_folder[name], bytes);
        var (library, reader) = (LibraryError(), ReaderError());
        if (library == MalformedPackages.Accepted || library != reader)
        {
            differences.Add($"{what}: the library says {library}, the reader {reader}");
        }
    }

    private string LibraryError() => ErrorOf(() =>
    {
        using var key = ModelKey.FromBytes(Key);
        ModelSealer.VerifyAsync(_folder.Path, key).GetAwaiter().GetResult();
    });

    private string ReaderError() => ErrorOf(() => IndependentReader.Open(_folder.Path, Key, new Demands { EveryRoot = true }));

    private static string ErrorOf(Action open)
    {
        try
        {
            open();
            return MalformedPackages.Accepted;
        }
        catch (SafeModelException refused)
        {
            return refused.Error.ToString();
        }
        catch (RefusedPackageException refused)
        {
            return refused.Error.ToString();
        }
        catch (FileNotFoundException)
        {
            return MalformedPackages.NotThere;
        }
    }
}
