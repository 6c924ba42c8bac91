using NUnit.Framework;

namespace SafeTensor.Tests.Independent;

/// <summary>What stands in <c>tests/vectors</c> is never made anew: a difference is a fault of the writer, or a package that somebody changed.</summary>
public sealed class PublishedPackagesTests
{
    private static IEnumerable<string> Names => PublishedPackages.Names;

    [TestCaseSource(nameof(Names))]
    public void The_writer_makes_the_published_package_again_byte_for_byte(string name)
    {
        var folder = Path.Combine(TestData.PinnedVectors, name);
        var files = PublishedPackages.Build(name);

        Assert.That(Directory.GetFiles(folder).Select(Path.GetFileName), Is.EquivalentTo(files.Keys));
        foreach (var (file, bytes) in files)
        {
            Assert.That(Convert.ToHexString(File.ReadAllBytes(Path.Combine(folder, file))), Is.EqualTo(Convert.ToHexString(bytes)), file);
        }
    }
}
