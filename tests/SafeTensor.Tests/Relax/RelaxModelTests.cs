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

    [Test]
    public void Sealed_models_give_the_plain_ones_bits_and_the_expected_values([ValueSource(typeof(RelaxCase), nameof(RelaxCase.Folders))] string source, [Values] CipherSuite suite)
    {
        ModelSealer.Seal(source, _folder["sealed"], _key, new SealOptions { Suite = suite });
        using var plain = SafeModel.LoadPlain(source, RelaxCase.Options);
        using var model = SafeModel.Load(_folder["sealed"], _key, RelaxCase.Options);
        Assert.That(model.Runtime, Does.Contain("libtvm_runtime.so").And.Contain("tvm-ffi 0.1."));

        foreach (var one in RelaxCase.In(source))
        {
            var inputs = one.Inputs();
            var (expected, actual) = (plain.Run(inputs), model.Run(inputs));
            foreach (var output in one.Outputs())
            {
                output.AssertEqual(actual[output.Index], Path.GetFileName(source));
                Assert.That(actual[output.Index].Bytes.SequenceEqual(expected[output.Index].Bytes), Is.True, $"output {output.Index}");
            }

            Assert.That(actual, Has.Count.EqualTo(one.Outputs().Count()));
        }
    }

    [Test]
    public void Sessions_give_what_runs_give([ValueSource(typeof(RelaxCase), nameof(RelaxCase.Folders))] string source)
    {
        ModelSealer.Seal(source, _folder["sealed"], _key);
        using var model = SafeModel.Load(_folder["sealed"], _key, RelaxCase.Options);
        using var session = model.CreateSession();
        foreach (var one in RelaxCase.In(source))
        {
            foreach (var (name, value) in one.Inputs())
            {
                var index = model.Inputs.TakeWhile(input => input.Name != name).Count();
#pragma warning disable STENSOR002 // What these tests are of.
                session.ResizeInput(index, value.Shape.AsSpan());
#pragma warning restore STENSOR002
                value.Bytes.CopyTo(session.InputBytes(index));
            }

            session.Run();

            foreach (var output in one.Outputs())
            {
                output.AssertEqual(session.OutputBytes(output.Index), Path.GetFileName(source));
            }
        }
    }

    [TestCase("relax-digits", "image: float32[1,1,8,8]", "output0: float32[1,10]")]
    [TestCase("relax-digits-dynamic", "image: float32[-1,1,8,8]", "output0: float32[-1,10]")]
    [TestCase("relax-multi", "x: float32[2,3]; k: int64[4]", "output0: float32[2,4]; output1: int64[4]; output2: bool[2,4]")]
    [TestCase("relax-magika", "bytes: int32[1,2048]", "output0: float32[1,214]")]
    public void Inputs_and_outputs_are_described(string name, string inputs, string outputs)
    {
        using var model = SafeModel.LoadPlain(RelaxCase.Folder(name), RelaxCase.Options);

        Assert.That(string.Join("; ", model.Inputs), Is.EqualTo(inputs));
        Assert.That(string.Join("; ", model.Outputs), Is.EqualTo(outputs));
    }

    [Test]
    public void Weights_are_in_place_read_only_and_reported()
    {
        ModelSealer.Seal(RelaxCase.Folder("relax-magika"), _folder["sealed"], _key);
        using var model = SafeModel.Load(_folder["sealed"], _key, RelaxCase.Options);

        Assert.That(model.Protection.IsReadOnly, Is.True);
        Assert.That(model.Protection.WeightBytes, Is.GreaterThan(3_000_000));
        Assert.That(model.Protection.Level, Is.GreaterThanOrEqualTo(ProtectionLevel.Sealed));
    }

    [Test]
    public async Task A_model_is_verified_suspended_and_resumed()
    {
        var source = RelaxCase.Folder("relax-digits");
        ModelSealer.Seal(source, _folder["sealed"], _key);
        using var key = ModelKey.FromBytes(_key);
        await ModelSealer.VerifyAsync(_folder["sealed"], key);
        using var model = SafeModel.Load(_folder["sealed"], key, RelaxCase.Options);
        using var session = model.CreateSession();
        var one = RelaxCase.In(source).First();
        var expected = model.Run(one.Inputs())[0].ToArray<float>();

        model.Suspend();

        one.Inputs()["image"].Bytes.CopyTo(session.InputBytes());
        session.Run();
        Assert.That(session.Output<float>().ToArray(), Is.EqualTo(expected));
        model.Suspend();
        Assert.That(model.Run(one.Inputs())[0].ToArray<float>(), Is.EqualTo(expected));
    }

    [Test]
    public void Parameters_of_every_type_are_sealed_and_opened()
    {
        var source = _folder.CopyOf(RelaxCase.Folder("relax-params-dtypes"), "source");
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
