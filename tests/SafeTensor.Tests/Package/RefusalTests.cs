using System.Buffers.Binary;
using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>A package that is not as sealed is refused with the error that docs/format.md names for the place.</summary>
public sealed class RefusalTests
{
    private const int HeaderAt = 182;

    private static readonly PackageExpectations Any = new(null, 0, TimeProvider.System);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private TemporaryFolder _folder = null!;
    private string _package = null!;

    private string Params => Path.Combine(_package, "mod.params");

    [SetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        _package = _folder["digits"];
        ModelSealer.Seal(TestData.Digits, _package, _key, new SealOptions { SegmentSize = 64 << 10, ClearTensors = ["p4"], ModelVersion = 3 });
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_whole_package_is_accepted() => Assert.That(Load, Throws.Nothing);

    [Test]
    public void Another_key_is_a_wrong_key()
    {
        _key[31] ^= 1;

        Assert.That(Load, Refused.With(SafeModelError.WrongKey, "is not opened by this key"));
    }

    [TestCase(0, SafeModelError.NotEncrypted)] // list magic
    [TestCase(8, SafeModelError.Tampered)] // reserved
    [TestCase(32, SafeModelError.NotEncrypted)] // the name __safetensor__
    [TestCase(54, SafeModelError.Tampered)] // another name
    [TestCase(HeaderAt + 0, SafeModelError.NotEncrypted)] // SAFETNSR
    [TestCase(HeaderAt + 8, SafeModelError.UnsupportedFormat)] // version
    [TestCase(HeaderAt + 10, SafeModelError.UnsupportedFormat)] // suite
    [TestCase(HeaderAt + 12, SafeModelError.UnsupportedFormat)] // segment size
    [TestCase(HeaderAt + 16, SafeModelError.UnsupportedFormat)] // body length
    [TestCase(HeaderAt + 24, SafeModelError.UnsupportedFormat)] // number of tags
    [TestCase(HeaderAt + 32, SafeModelError.WrongKey)] // salt
    [TestCase(HeaderAt + 64, SafeModelError.Tampered)] // file id
    [TestCase(HeaderAt + 80, SafeModelError.WrongKey)] // commitment
    [TestCase(HeaderAt + 112, SafeModelError.Tampered)] // digest
    [TestCase(HeaderAt + 144, SafeModelError.Tampered)] // HMAC
    [TestCase(HeaderAt + 176, SafeModelError.Tampered)] // body
    public void A_flipped_bit_before_the_tensors_is_refused(int offset, SafeModelError error)
    {
        Flip(Params, offset);

        Assert.That(Load, Refused.With(error));
    }

    [Test]
    public void A_flipped_bit_anywhere_is_refused()
    {
        var length = new FileInfo(Params).Length;
        for (long offset = 0; offset < length; offset += offset < 2048 ? 1 : 4973)
        {
            Flip(Params, offset);
            Assert.That(Load, Throws.TypeOf<SafeModelException>(), $"byte {offset}");
            Flip(Params, offset);
        }

        Assert.That(Load, Throws.Nothing);
    }

    [Test]
    public void A_flipped_bit_in_a_clear_tensor_is_refused_by_its_root_and_names_it()
    {
        var tensor = ParamsTensors().Single(t => t.Info.Name == "p4");
        Flip(Params, tensor.Offset + 70_000);

        Assert.That(Load, Refused.With(SafeModelError.Tampered, "mod.params: p4"));
    }

    [Test]
    public void A_flipped_bit_in_a_sealed_tensor_names_tensor_and_segment()
    {
        var tensor = ParamsTensors().Single(t => t.Info.Name == "p2");
        Flip(Params, tensor.Offset + 70_000);

        var refusal = Assert.Throws<SafeModelException>(() => Load())!;
        Assert.That(refusal.Error, Is.EqualTo(SafeModelError.Tampered));
        Assert.That(refusal.Part, Is.EqualTo("mod.params: p2, segment 1"));
    }

    [TestCase("mod.so")]
    [TestCase("mod.json")]
    public void Changed_code_or_graph_is_a_wrong_package(string name)
    {
        Flip(Path.Combine(_package, name), 100);

        Assert.That(Load, Refused.With(SafeModelError.WrongPackage, name));
    }

    [TestCase("mod.so")]
    [TestCase("mod.json")]
    public void Code_or_graph_of_another_length_is_a_wrong_package(string name)
    {
        File.AppendAllText(Path.Combine(_package, name), "x");

        Assert.That(Load, Refused.With(SafeModelError.WrongPackage, name));
    }

    [TestCase("mod.so")]
    [TestCase("mod.json")]
    public void Code_or_graph_of_another_sealing_is_a_wrong_package(string name)
    {
        ModelSealer.Seal(TestData.Digits, _folder["other"], _key);
        File.Copy(Path.Combine(_folder["other"], name), Path.Combine(_package, name), overwrite: true);

        Assert.That(Load, Refused.With(SafeModelError.WrongPackage, name));
    }

    [TestCase("mod.so")]
    [TestCase("mod.json")]
    [TestCase("mod.params")]
    public void A_missing_file_is_named(string name)
    {
        File.Delete(Path.Combine(_package, name));

        Assert.That(Load, Throws.TypeOf<FileNotFoundException>().With.Message.Contains(name));
    }

    [Test]
    public void A_missing_folder_is_named() =>
        Assert.That(() => SealedPackage.Open(_folder["none"], _key, Any), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("none"));

    [TestCase(-1)]
    [TestCase(1)]
    [TestCase(4096)]
    public void A_truncated_or_grown_file_is_tampered(int by)
    {
        using (var file = File.OpenWrite(Params))
        {
            file.SetLength(file.Length + by);
        }

        Assert.That(Load, Refused.With(SafeModelError.Tampered, "mod.params"));
    }

    [Test]
    public void A_file_cut_anywhere_is_refused([Values(0, 7, 24, 60, 181, 200, 400, 900, 100_000)] int length)
    {
        using (var file = File.OpenWrite(Params))
        {
            file.SetLength(length);
        }

        Assert.That(Load, Throws.TypeOf<SafeModelException>());
    }

    [Test]
    public void A_plain_model_with_a_key_is_not_encrypted() =>
        Assert.That(() => SealedPackage.Open(TestData.Digits, _key, Any), Refused.With(SafeModelError.NotEncrypted, "SafeModel.LoadPlain"));

    [Test]
    public void A_sealed_model_without_a_key_is_no_plain_model() =>
        Assert.That(() => PlainPackage.Open(_package), Refused.With(SafeModelError.ModelInvalid, "SafeModel.Load"));

    [Test]
    public void Two_tensors_swapped_are_refused()
    {
        var tensors = ParamsTensors().Where(t => t.Info.ByteLength == 5120 || t.Info.ByteLength == 1152).ToArray();
        var bytes = File.ReadAllBytes(Params);
        var first = bytes.AsSpan((int)tensors[0].Offset, 1152);
        var second = bytes.AsSpan((int)tensors[1].Offset, 1152);
        var kept = first.ToArray();
        second.CopyTo(first);
        kept.CopyTo(second);
        File.WriteAllBytes(Params, bytes);

        Assert.That(Load, Refused.With(SafeModelError.Tampered));
    }

    [Test]
    public void What_the_caller_expects_is_checked()
    {
        Assert.That(() => Open(Any with { ModelId = "other" }), Refused.With(SafeModelError.WrongPackage, "'other' was expected"));
        Assert.That(() => Open(Any with { MinimumVersion = 4 }), Refused.With(SafeModelError.RolledBack, "version 3"));
        Assert.That(() => Open(Any with { ModelId = "digits", MinimumVersion = 3 }), Throws.Nothing);
    }

    [Test]
    public void An_expired_package_is_refused()
    {
        var notAfter = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        ModelSealer.Seal(TestData.Digits, _package, _key, new SealOptions { NotAfter = notAfter, Overwrite = true });

        Assert.That(() => Open(Any with { Time = new Clock(notAfter.AddSeconds(1)) }), Refused.With(SafeModelError.Expired, "2030-01-01"));
        Assert.That(() => Open(Any with { Time = new Clock(notAfter) }), Throws.Nothing);
    }

    [Test]
    public void Hostile_sizes_are_refused_before_they_are_believed(
        [Values(0ul, 262_146ul, 1ul << 40, ulong.MaxValue)] ulong count)
    {
        using (var file = File.OpenWrite(Params))
        {
            file.Position = 16;
            var bytes = new byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, count);
            file.Write(bytes);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(Load, Throws.TypeOf<SafeModelException>());
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
    }

    [Test]
    public void A_failed_read_leaves_no_plaintext()
    {
        var tensor = ParamsTensors()[^1];
        Flip(Params, tensor.Offset);
        using var package = SealedPackage.Open(_package, _key, Any);
        using var memory = ProtectedMemory.Reserve(1 << 20);
        var offsets = new long[package.Parameters.Count];
        for (var i = 1; i < offsets.Length; i++)
        {
            offsets[i] = offsets[i - 1] + package.Parameters[i - 1].ByteLength;
        }

        Assert.That(() => package.ReadParameters(memory, offsets, null, CancellationToken.None), Refused.With(SafeModelError.Tampered));
        Assert.That(memory.Span.IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
    }

    [Test]
    public void A_fifo_or_a_folder_in_place_of_a_file_is_refused_at_once()
    {
        File.Delete(Params);
        Directory.CreateDirectory(Params);
        Assert.That(Load, Throws.InstanceOf<IOException>().With.Message.Contains("not a regular file"));
        Directory.Delete(Params);
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", Params))
        {
            mkfifo.WaitForExit();
        }

        Assert.That(Load, Throws.InstanceOf<IOException>().With.Message.Contains("not a regular file"));
    }

    private void Load()
    {
        using var package = Open(Any);
        package.Verify(null, CancellationToken.None);
    }

    private SealedPackage Open(PackageExpectations expectations) => SealedPackage.Open(_package, _key, expectations);

    private static void Flip(string path, long offset)
    {
        using var file = File.Open(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = offset;
        var value = file.ReadByte();
        file.Position = offset;
        file.WriteByte((byte)(value ^ 1));
    }

    // A sealed file has the structure of a plain one, so the plain reader finds its tensors.
    private ParamsTensor[] ParamsTensors()
    {
        using var file = PackageFile.Open(Params);
        return ParamsReader.Read(file);
    }

    private sealed class Clock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
