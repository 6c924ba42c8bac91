using NUnit.Framework;
using SafeTensor.Fuzz;

namespace SafeTensor.Tests;

/// <summary>Every fuzz target keeps its promise for every seed. The fuzzers themselves: <c>./build.sh --target=Fuzz</c>.</summary>
public sealed class FuzzSeedTests
{
    private static readonly string Seeds = Path.Combine(TestData.Repository, "tests", "SafeTensor.Fuzz", "seeds");

    private static IEnumerable<string> Targets => FuzzTarget.All.Select(target => target.Name);

    [TestCaseSource(nameof(Targets))]
    public void Every_seed_is_refused_or_read_as_promised(string name)
    {
        var target = FuzzTarget.All.Single(target => target.Name == name);
        var files = Directory.GetFiles(Path.Combine(Seeds, name));

        foreach (var file in files)
        {
            Assert.That(() => target.Run(File.ReadAllBytes(file)), Throws.Nothing, file);
        }

        Assert.That(files, Is.Not.Empty);
    }

    [Test]
    public void Every_folder_of_seeds_is_a_targets() =>
        Assert.That(Directory.GetDirectories(Seeds).Select(Path.GetFileName), Is.EquivalentTo(Targets));

    [Test]
    public void A_target_tells_of_what_breaks_its_promise() =>
        Assert.That(() => new BrokenTarget().Run([1]), Throws.TypeOf<BrokenPromiseException>().With.Message.Contains("IndexOutOfRange"));

    private sealed class BrokenTarget : FuzzTarget
    {
        internal override string Name => "broken";

        protected override Runtime.SafeModelError[] Errors => [];

        protected override void Parse(byte[] input) => _ = input[input.Length];
    }
}
