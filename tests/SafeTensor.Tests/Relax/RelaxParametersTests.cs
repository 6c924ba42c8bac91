using System.Security.Cryptography;
using System.Text.Json;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Relax;

/// <summary>Current TVM's parameters files have element types that older ones have not.</summary>
public sealed class RelaxParametersTests
{
    [Test]
    public void Parameters_of_every_type_are_sealed_and_opened()
    {
        using var folder = new TemporaryFolder();
        var key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
        var source = folder.CopyOf(TestData.SharedFolder("models", "relax-params-dtypes"), "source");
        ModelSealer.Seal(source, folder["sealed"], key);
        using var package = SealedPackage.Open(folder["sealed"], key, new PackageExpectations(null, 0, TimeProvider.System));
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(source, "params.json")));

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
