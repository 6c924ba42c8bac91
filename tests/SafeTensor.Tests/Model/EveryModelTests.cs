using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>Real compiled models of either kind give the outputs that another engine computed, plain or sealed, in runs and in sessions.</summary>
public sealed class EveryModelTests
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);

    [Test]
    public void Every_model_gives_the_expected_outputs([ValueSource(typeof(TestModel), nameof(TestModel.AllLoads))] (TestModel Model, LoadPath Path) load)
    {
        var options = load.Model.Options;
        options.LoadPath = load.Path;
        using var model = load.Model.LoadPlain(options);

        foreach (var one in load.Model.Cases)
        {
            var outputs = model.Run(one.Inputs());
            Assert.That(outputs, Has.Count.EqualTo(one.Outputs().Count()));
            foreach (var expected in one.Outputs())
            {
                expected.AssertEqual(outputs[expected.Index], $"{load.Model}");
            }
        }
    }

    [TestCaseSource(typeof(TestModel), nameof(TestModel.All))]
    public void Every_model_gives_the_expected_outputs_in_a_session(TestModel tested)
    {
        using var model = tested.LoadPlain();
        using var session = model.CreateSession();

        foreach (var one in tested.Cases)
        {
            one.CopyTo(session);
            session.Run();
            foreach (var expected in one.Outputs())
            {
                expected.AssertEqual(session.OutputBytes(expected.Index), $"{tested}");
            }
        }
    }

    [TestCaseSource(typeof(TestModel), nameof(TestModel.All))]
    public void Every_load_path_gives_the_same_bits(TestModel tested)
    {
        var inputs = tested.Cases.First().Inputs();
        var results = new List<byte[][]>();
        foreach (var path in tested.LoadPaths.Append(LoadPath.Auto))
        {
            var options = tested.Options;
            options.LoadPath = path;
            using var model = tested.LoadPlain(options);
            results.Add([.. model.Run(inputs).Select(output => output.Bytes.ToArray())]);
        }

        Assert.That(results, Is.All.EqualTo(results[0]));
    }

    [Test]
    public async Task Every_sealed_model_is_verified_and_gives_the_plain_ones_bits(
        [ValueSource(typeof(TestModel), nameof(TestModel.AllLoads))] (TestModel Model, LoadPath Path) load, [Values] CipherSuite suite)
    {
        using var folder = new TemporaryFolder();
        using var key = ModelKey.FromBytes(_key);
        ModelSealer.Seal(load.Model.Folder, folder["sealed"], _key, new SealOptions { Suite = suite });
        await ModelSealer.VerifyAsync(folder["sealed"], key);
        var options = load.Model.Options;
        options.LoadPath = load.Path;
        using var plain = load.Model.LoadPlain();
        using var model = SafeModel.Load(folder["sealed"], _key, options);
        using var session = model.CreateSession();

        foreach (var one in load.Model.Cases)
        {
            var expected = plain.Run(one.Inputs());
            var actual = model.Run(one.Inputs());
            one.CopyTo(session);
            session.Run();

            Assert.That(actual, Has.Count.EqualTo(expected.Count));
            for (var i = 0; i < expected.Count; i++)
            {
                Assert.That(actual[i].Bytes.SequenceEqual(expected[i].Bytes), Is.True, $"{load.Model}: output {i}");
                Assert.That(session.OutputBytes(i).SequenceEqual(expected[i].Bytes), Is.True, $"{load.Model}: output {i} of the session");
            }
        }
    }
}
