using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Cli;
using SafeTensor.Cli.Bench;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Bench;

/// <summary>Weights for a model of which only code and graph are there.</summary>
public sealed class RandomParametersTests
{
    private static readonly DataType Float32 = new(Code: 2, Bits: 32, Lanes: 1);

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void They_have_the_names_types_and_shapes_of_the_models_own()
    {
        var made = MakeDigits();

        Assert.That(Infos(made).OrderBy(info => info.Name).Select(info => info.ToString()), Is.EqualTo(Infos(TestData.Digits).OrderBy(info => info.Name).Select(info => info.ToString())));
        Assert.That(File.ReadAllBytes(Path.Combine(made, "mod.params")), Is.Not.EqualTo(File.ReadAllBytes(Path.Combine(TestData.Digits, "mod.params"))));
    }

    [Test]
    public void They_load_plain_and_sealed_and_give_the_same()
    {
        var made = MakeDigits();
        var key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
        ModelSealer.Seal(made, _folder["sealed"], key);

        using var plain = SafeModel.LoadPlain(made, TestRuntime.Options);
        using var @sealed = SafeModel.Load(_folder["sealed"], key, TestRuntime.Options);

        Assert.That(@sealed.Run(new float[64])[0].Bytes.ToArray(), Is.EqualTo(plain.Run(new float[64])[0].Bytes.ToArray()));
    }

    [Test]
    public void They_are_the_same_each_time()
    {
        var parameters = RandomParameters.Choose([Tensor("p0", 3, 5), Tensor("p1", 1 << 20)], []);
        foreach (var name in new[] { "a", "b" })
        {
            RandomParameters.Write(_folder[name], parameters, progress: null, CancellationToken.None);
        }

        Assert.That(File.ReadAllBytes(_folder["a"]), Is.EqualTo(File.ReadAllBytes(_folder["b"])));
        Assert.That(RandomParameters.LengthOf(parameters), Is.EqualTo((15 + (1 << 20)) * 4));
    }

    [Test]
    public void Parameters_are_those_that_TVM_named_or_all_that_are_no_inputs()
    {
        GraphTensor[] arguments = [Tensor("image", 1), Tensor("p0", 2), Tensor("p12", 3), Tensor("p", 4), Tensor("p1x", 5), Tensor("weight", 6)];

        Assert.That(Chosen(arguments), Is.EqualTo(new[] { "p0", "p12" }));
        Assert.That(Chosen(arguments, "image", "p"), Is.EqualTo(new[] { "p0", "p12", "p1x", "weight" }));
        Assert.That(() => Chosen(arguments, "picture"), Throws.TypeOf<UsageException>().With.Message.Contains("picture").And.Message.Contains("image, p0"));
        Assert.That(() => Chosen([Tensor("image", 1), Tensor("weight", 2)]), Throws.TypeOf<UsageException>().With.Message.Contains("--input"));
        Assert.That(() => Chosen([]), Throws.TypeOf<UsageException>());
    }

    [Test]
    public void Shapes_of_more_bytes_than_there_can_be_are_refused()
    {
        Assert.That(() => RandomParameters.LengthOf([Tensor("p0", long.MaxValue, 2)]), Refused.With(SafeModelError.ModelInvalid));
        Assert.That(() => RandomParameters.LengthOf([Tensor("p0", long.MaxValue / 4), Tensor("p1", long.MaxValue / 4)]), Refused.With(SafeModelError.ModelInvalid));
        Assert.That(() => RandomParameters.LengthOf([Tensor("p0", -1)]), Refused.With(SafeModelError.ModelInvalid));
    }

    [Test]
    public void Cancelling_stops_the_writing()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();

        Assert.That(
            () => RandomParameters.Write(_folder["a"], [Tensor("p0", 1)], progress: null, stop.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    private static GraphTensor Tensor(string name, params long[] shape) => new(name, Float32, shape, IsDirect: true);

    private static IEnumerable<string> Chosen(GraphTensor[] arguments, params string[] inputs) =>
        RandomParameters.Choose(arguments, inputs).Select(parameter => parameter.Name);

    private string MakeDigits()
    {
        var model = _folder.CopyOf(TestData.Digits);
        using var graph = PackageFile.Open(Path.Combine(model, "mod.json"));
        var parameters = RandomParameters.Choose(GraphDescription.Read(graph).Arguments, []);
        File.Delete(Path.Combine(model, "mod.params"));
        RandomParameters.Write(Path.Combine(model, "mod.params"), parameters, progress: null, CancellationToken.None);
        return model;
    }

    private static ParameterInfo[] Infos(string folder)
    {
        using var file = PackageFile.Open(Path.Combine(folder, "mod.params"));
        return [.. ParamsReader.Read(file).Select(tensor => tensor.Info)];
    }
}
