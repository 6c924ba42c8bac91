using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Relax;

/// <summary>Models of current TVM behind the same two lines as the others.</summary>
public sealed class RelaxModelTests
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [TestCase("relax-digits", "image: float32[1,1,8,8]", "output0: float32[1,10]")]
    [TestCase("relax-digits-dynamic", "image: float32[-1,1,8,8]", "output0: float32[-1,10]")]
    [TestCase("relax-multi", "x: float32[2,3]; k: int64[4]", "output0: float32[2,4]; output1: int64[4]; output2: bool[2,4]")]
    [TestCase("relax-magika", "bytes: int32[1,2048]", "output0: float32[1,214]")]
    public void Inputs_and_outputs_are_described(string name, string inputs, string outputs)
    {
        using var model = SafeModel.LoadPlain(TestModel.Shared(name).Folder, TestRuntime.RelaxOptions);

        Assert.That(string.Join("; ", model.Inputs), Is.EqualTo(inputs));
        Assert.That(string.Join("; ", model.Outputs), Is.EqualTo(outputs));
    }

    [Test]
    public void Parameters_of_every_type_are_sealed_and_opened()
    {
        var source = _folder.CopyOf(TestModel.Shared("relax-params-dtypes").Folder, "source");
        ModelSealer.Seal(source, _folder["sealed"], _key);
        using var package = SealedPackage.Open(_folder["sealed"], _key, new PackageExpectations(null, 0, TimeProvider.System));
        using var json = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(Path.Combine(source, "params.json")));

        var index = 0;
        foreach (var tensor in json.RootElement.EnumerateArray())
        {
            var expected = Convert.FromHexString(tensor.GetProperty("bytes_hex").GetString()!);
            Assert.That(package.Parameters[index].Name, Is.EqualTo(tensor.GetProperty("name").GetString()));
            Assert.That(Data(package, index++), Is.EqualTo(expected));
        }

        Assert.That(index, Is.EqualTo(package.Parameters.Count));

        static unsafe byte[] Data(SealedPackage package, int index)
        {
            using var memory = ProtectedMemory.Reserve(Math.Max(1, package.Parameters[index].ByteLength));
            package.ReadParameter(index, memory.Address);
            return memory.Span[..(int)package.Parameters[index].ByteLength].ToArray();
        }
    }
}
