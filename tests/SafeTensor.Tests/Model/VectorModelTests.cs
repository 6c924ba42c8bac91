using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Packages of another implementation run, and give what their source models give.</summary>
public sealed class VectorModelTests
{
    private static IEnumerable<string> Runnable =>
        Vector.Folders.Where(folder => File.Exists(Path.Combine(folder, "mod.so")) && new Vector(folder).Json.TryGetProperty("source", out _));

    [TestCaseSource(nameof(Runnable))]
    public void A_package_of_another_implementation_runs(string folder)
    {
        var vector = new Vector(folder);
        var source = TestModel.Shared(Path.GetFileName(vector.Json.GetProperty("source").GetString()!));

        using var model = SafeModel.Load(folder, vector.Key, source.Options);

        Assert.That(model.Package!.ModelVersion, Is.EqualTo(vector.Number("model_version")));
        foreach (var one in source.Cases)
        {
            var outputs = model.Run(one.Inputs());
            foreach (var expected in one.Outputs())
            {
                expected.AssertEqual(outputs[expected.Index], vector.ToString());
            }
        }
    }
}
