using NUnit.Framework;

namespace SafeTensor.Tests.Independent;

public sealed class IndependenceTests
{
    /// <summary>What the two implementations shared could be wrong in both.</summary>
    [Test]
    public void The_independent_implementation_uses_nothing_of_the_library_nor_of_what_the_library_uses()
    {
        var folder = Path.Combine(TestData.Repository, "tests", "SafeTensor.Tests", "Independent");
        var used =
            from file in Directory.GetFiles(folder, "*.cs")
            where !file.EndsWith("Tests.cs", StringComparison.Ordinal)
            from space in new[] { "SafeTensor.Runtime", "System.Security.Cryptography", "System.Formats.Cbor" }
            where File.ReadAllText(file).Contains(space, StringComparison.Ordinal)
            select $"{Path.GetFileName(file)} uses {space}";

        Assert.That(used, Is.Empty);
    }
}
