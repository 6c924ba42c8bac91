using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Independent;

/// <summary>The library opens, and runs, what a writer made that was written from docs/format.md alone, on other primitives.</summary>
public sealed class IndependentWriterTests
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCase(1, 65_536)]
    [TestCase(1, 1_048_576, "mod.json", "p0", "p4")]
    [TestCase(1, 4_194_304, "mod.so", "mod.json")]
    [TestCase(2, 65_536)]
    [TestCase(2, 131_072, "mod.json", "p7")]
    [TestCase(2, 1_048_576, "mod.so", "mod.json", "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7")]
    public async Task The_library_verifies_loads_and_runs_what_it_writes(int suite, int segmentSize, params string[] clear)
    {
        Write(PlainModel.Digits, new DraftSettings(Key, suite, segmentSize), clear);

        var info = await VerifyAsync();
        using var model = SafeModel.Load(_folder.Path, Key, TestRuntime.Options);

        Assert.That((info.IsAuthenticated, info.ModelId, info.ModelVersion, info.Producer, info.NotAfter), Is.EqualTo((true, "written", 7ul, "", (DateTimeOffset?)null)));
        Assert.That(info.ClearTensors, Is.EquivalentTo(clear.Where(name => name[0] == 'p')));
        Assert.That((info.IsCodeSealed, info.IsGraphSealed), Is.EqualTo((!clear.Contains("mod.so"), !clear.Contains("mod.json"))));
        using var plain = TestRuntime.LoadDigits();
        foreach (var pixels in DigitImages.Pixels)
        {
            Assert.That(model.Run(pixels)[0].ToArray<float>(), Is.EqualTo(plain.Run(pixels)[0].ToArray<float>()));
        }
    }

    [TestCase(1)]
    [TestCase(2)]
    public async Task The_library_decrypts_scalars_and_empty_tensors_that_it_wrote(int suite)
    {
        Write(PlainModel.Odd, new DraftSettings(Key, suite), ["halves", "empty"]);

        await VerifyAsync();

        AssertParameters(PlainModel.Odd);
    }

    [Test]
    public async Task The_library_opens_a_package_of_no_tensors_that_it_wrote()
    {
        Write(PlainModel.Empty, new DraftSettings(Key), []);

        Assert.That((await VerifyAsync()).TensorCount, Is.Zero);
    }

    [Test]
    public async Task The_library_decrypts_a_tensor_of_many_segments_the_last_of_which_is_short_and_one_that_ends_with_a_segment()
    {
        var model = PlainModel.WithRandomData(
            TensorPart.Of("short end", TensorPart.UnsignedType, 8, [(3 * 65_536) + 1]), TensorPart.Of("whole end", TensorPart.UnsignedType, 8, [2 * 65_536]));
        Write(model, new DraftSettings(Key, 2, 65_536), []);

        await VerifyAsync();

        AssertParameters(model);
    }

    [Test]
    public async Task The_library_reads_every_field_and_ignores_negative_keys()
    {
        var body = PlainModel.Odd.Body("fields") with
        {
            ModelVersion = ulong.MaxValue,
            NotAfter = 4_000_000_000,
            Producer = "another producer",
            Ignored = [CborItem.Negative(0), CborItem.Text("a later version's"), CborItem.Negative(99), CborItem.Map(CborItem.Unsigned(1), CborItem.Array())],
        };
        PackageDraft.Write(new PackageDraft(body, PlainModel.Odd.Parts, new DraftSettings(Key)).Finish(), _folder.Path);

        var info = await VerifyAsync();

        Assert.That((info.ModelId, info.ModelVersion, info.Producer), Is.EqualTo(("fields", ulong.MaxValue, "another producer")));
        Assert.That((info.Created, info.NotAfter), Is.EqualTo((DateTimeOffset.FromUnixTimeSeconds(1_800_000_000), DateTimeOffset.FromUnixTimeSeconds(4_000_000_000))));
        AssertParameters(PlainModel.Odd);
    }

    private void Write(PlainModel model, DraftSettings settings, string[] clear) =>
        PackageDraft.Write(new PackageDraft(model.Body("written", clear), model.Parts, settings).Finish(), _folder.Path);

    private async Task<PackageInfo> VerifyAsync()
    {
        using var key = ModelKey.FromBytes(Key);
        return await ModelSealer.VerifyAsync(_folder.Path, key);
    }

    private unsafe void AssertParameters(PlainModel model)
    {
        using var package = SealedPackage.Open(_folder.Path, Key, new PackageExpectations(null, 0, TimeProvider.System));
        for (var i = 0; i < model.Data.Length; i++)
        {
            var data = new byte[Math.Max(1, model.Data[i].Length)];
            fixed (byte* address = data)
            {
                package.ReadParameter(i, address);
            }

            Assert.That(data.AsSpan(0, model.Data[i].Length).SequenceEqual(model.Data[i]), package.Parameters[i].Name);
        }
    }
}
