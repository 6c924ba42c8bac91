using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>Overwriting replaces a package's folder and deletes it: only where there is nothing in it but the package.</summary>
public sealed class OverwriteTests
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private TemporaryFolder _folder = null!;
    private string _source = null!;

    [SetUp]
    public void MakeSource()
    {
        _folder = new TemporaryFolder();
        _source = _folder.CopyOf(TestData.Digits, "digits");
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [TestCase("key")]
    [TestCase("mod.key")]
    [TestCase(".hidden")]
    [TestCase("folder/")]
    public void What_is_no_file_of_a_package_stays(string name)
    {
        ModelSealer.Seal(_source, _folder["sealed"], _key);
        var path = Path.Combine(_folder["sealed"], name);
        if (name.EndsWith('/'))
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            File.WriteAllBytes(path, _key);
        }

        Assert.That(
            () => ModelSealer.Seal(_source, _folder["sealed"], _key, new SealOptions { Overwrite = true }),
            Throws.InstanceOf<IOException>().With.Message.Contains($"holds '{name.TrimEnd('/')}'"));
        Assert.That(Path.Exists(path), Is.True);
        Assert.That(PackageInfo.Read(_folder["sealed"]).ModelVersion, Is.EqualTo(1));
    }

    [Test]
    public void A_folder_in_place_of_a_file_stays()
    {
        ModelSealer.Seal(_source, _folder["sealed"], _key);
        var path = Path.Combine(_folder["sealed"], "mod.sig");
        Directory.CreateDirectory(path);

        Assert.That(() => ModelSealer.Seal(_source, _folder["sealed"], _key, new SealOptions { Overwrite = true }), Throws.InstanceOf<IOException>());
        Assert.That(Directory.Exists(path), Is.True);
    }

    [Test]
    public void A_source_that_is_reached_through_a_link_stays()
    {
        ModelSealer.Seal(_source, _folder["sealed"], _key, new SealOptions { ClearCode = true });
        File.CreateSymbolicLink(_folder["link"], _folder.Path);
        var inside = _folder.CopyOf(_source, "sealed/source");

        Assert.That(
            () => ModelSealer.Seal(inside, Path.Combine(_folder["link"], "sealed"), _key, new SealOptions { Overwrite = true }),
            Throws.InstanceOf<IOException>().With.Message.Contains("'source'"));
        Directory.Delete(inside, recursive: true);
        Assert.That(
            () => ModelSealer.Seal(Path.Combine(_folder["link"], "sealed", "mod.so"), _folder["sealed"], _key, new SealOptions { Overwrite = true }),
            Throws.InstanceOf<IOException>().With.Message.Contains("'mod.so', which is to be sealed"));
        Assert.That(PackageInfo.Read(_folder["sealed"]).TensorCount, Is.Positive);
    }

    // More than a package may have: that must be no reason to take it for a damaged one.
    [Test]
    public void An_unprotected_model_of_very_many_tensors_stays()
    {
        var model = Directory.CreateDirectory(_folder["many"]).FullName;
        using (var file = new BinaryWriter(File.Create(Path.Combine(model, "mod.params"))))
        {
            file.Write(0xF7E58D4F05049CB7);
            file.Write(0ul);
            file.Write(262_146ul);
            for (var i = 0; i < 262_146; i++)
            {
                file.Write(2ul);
                file.Write("p0"u8);
            }
        }

        Assert.That(
            () => ModelSealer.Seal(_source, model, _key, new SealOptions { Overwrite = true }),
            Throws.InstanceOf<IOException>().With.Message.Contains("unprotected model"));
        Assert.That(File.Exists(Path.Combine(model, "mod.params")), Is.True);
    }
}
