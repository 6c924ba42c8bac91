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
    public void Both_refuse_a_flipped_bit_of_every_byte()
    {
        var model = PlainModel.WithRandomData(
            TensorPart.Of("weight", TensorPart.FloatType, 32, [3, 2]), TensorPart.Of("open", TensorPart.SignedType, 8, [5]), TensorPart.Of("none", TensorPart.SignedType, 8, [0]))
            with { Code = RandomNumberGenerator.GetBytes(20), Graph = RandomNumberGenerator.GetBytes(30) };
        var files = new PackageDraft(model.Body("m", "open", "mod.json"), model.Parts, new DraftSettings(Key)).Finish();
        PackageDraft.Write(files, _folder.Path);
        var (cases, differences) = (0, new List<string>());
        foreach (var (name, bytes) in files)
        {
            for (var i = 0; i < bytes.Length; i++)
            {
                for (var bit = 0; bit < 8; bit++)
                {
                bytes[i] ^= (byte)(1 << bit);
                File.WriteAllBytes(_folder[name], bytes);
                var (ours, theirs) = (LibraryError(), ReaderError());
                bytes[i] ^= (byte)(1 << bit);
                cases++;
                if (ours is null || ours != theirs)
                {
                    differences.Add($"{name}[{i}] bit {bit}: the library says {ours ?? "nothing"}, the reader {theirs ?? "nothing"}");
                }
                }
            }

            File.WriteAllBytes(_folder[name], bytes);
        }

        File.WriteAllLines("/tmp/differences.txt", differences);
        Assert.That(differences, Is.Empty);
        TestContext.Out.WriteLine($"{cases} packages.");
    }

    [TestCaseSource(typeof(MalformedPackages), nameof(MalformedPackages.Bodies))]
    public void Both_say_the_same_of_a_body_with(Func<byte[], byte[]> change)
    {
        var expected = (string)TestContext.CurrentContext.Test.Properties.Get("error")!;
        PackageDraft.Write(Draft().Finish(change), _folder.Path);

        Assert.That(((LibraryError() ?? "none"), (ReaderError() ?? "none"), expected), Is.EqualTo((expected, expected, expected)));
    }

    private static PackageDraft Draft()
    {
        var model = PlainModel.WithRandomData(
            TensorPart.Of("weight", TensorPart.FloatType, 32, [3, 2]), TensorPart.Of("open", TensorPart.SignedType, 8, [5]), TensorPart.Of("none", TensorPart.SignedType, 8, [0]))
            with { Code = RandomNumberGenerator.GetBytes(20), Graph = RandomNumberGenerator.GetBytes(30) };
        return new PackageDraft(model.Body("m", "open", "mod.json"), model.Parts, new DraftSettings(Key));
    }

    private string? LibraryError()
    {
        using var key = ModelKey.FromBytes(Key);
        try
        {
            ModelSealer.VerifyAsync(_folder.Path, key).GetAwaiter().GetResult();
            return null;
        }
        catch (SafeModelException refused)
        {
            return refused.Error.ToString();
        }
        catch (Exception other)
        {
            return other.GetType().Name;
        }
    }

    private string? ReaderError()
    {
        try
        {
            IndependentReader.Open(_folder.Path, Key, new Demands { EveryRoot = true });
            return null;
        }
        catch (RefusedPackageException refused)
        {
            return refused.Error.ToString();
        }
        catch (Exception other)
        {
            return other.GetType().Name;
        }
    }
}
