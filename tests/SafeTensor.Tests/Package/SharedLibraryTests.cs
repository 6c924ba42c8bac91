using System.Buffers.Binary;
using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;
using SafeTensor.Tests.Cli;

namespace SafeTensor.Tests;

/// <summary>A library that would have the system's loader load anybody's code is not sealed.</summary>
public sealed class SharedLibraryTests
{
    private TemporaryFolder _folder = null!;
    private string _source = null!;

    private string Library => Path.Combine(_source, "mod.so");

    [SetUp]
    public void Copy()
    {
        _folder = new TemporaryFolder();
        _source = _folder.CopyOf(TestData.Digits, "source");
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void As_compiled_it_is_sealed() => Assert.That(Seal, Throws.Nothing);

    [TestCase("./evil.so")]
    [TestCase("/evil.so.")]
    [TestCase("lib/ev.so")]
    [TestCase("$LIBev.so")]
    public void A_needed_library_that_is_a_path_is_refused(string path)
    {
        HostileModel.EditLibrary(_source, path, HostileModel.Needed);

        Assert.That(Seal, Refused.With(SafeModelError.ModelInvalid, $"makes the loader load '{path}'"));
    }

    [Test]
    public void A_library_that_is_needed_beside_the_usual_ones_is_told_where_errors_are()
    {
        HostileModel.EditLibrary(_source, "libx.so.6", HostileModel.Needed);
        CliRun.Of("keygen", _folder["key"]);

        var run = CliRun.Of("seal", _source, _folder["sealed"], "--key", _folder["key"], "--json");

        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Error, Does.Contain("warning: The code needs libx.so.6, which must be on every machine that runs the model."));
        Assert.That(run.Json.GetProperty("modelId").GetString(), Is.EqualTo("source"));
    }

    [Test]
    public void A_library_that_is_changed_between_its_check_and_its_sealing_is_refused()
    {
        HostileModel.EditLibrary(_folder.CopyOf(TestData.Digits, "hostile"), "./evil.so", HostileModel.Needed);
        var swap = new SwappingClock(() => File.WriteAllBytes(Library, File.ReadAllBytes(Path.Combine(_folder["hostile"], "mod.so"))));

        Assert.That(
            () => ModelSealer.Seal(_source, _folder["sealed"], RandomNumberGenerator.GetBytes(SafeModel.KeyLength), new SealOptions { TimeProvider = swap }),
            Refused.With(SafeModelError.ModelInvalid, "mod.so makes the loader load './evil.so'"));
        Assert.That(Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName), Is.EquivalentTo(["source", "hostile"]));
    }

    [Test]
    public void A_library_that_comes_to_hold_weights_after_its_check_does_not_stay_readable()
    {
        var bytes = File.ReadAllBytes(Library);
        "__tvm_param__"u8.CopyTo(bytes.AsSpan(^64..));
        var swap = new SwappingClock(() => File.WriteAllBytes(Library, bytes));
        var key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);

        Assert.That(
            () => ModelSealer.Seal(_source, _folder["sealed"], key, new SealOptions { TimeProvider = swap, ClearCode = true }),
            Refused.With(SafeModelError.ModelInvalid, "mod.so holds weights itself (__tvm_param__)"));
    }

    [TestCase(0x7ffffffdL)] // DT_AUXILIARY
    [TestCase(0x7fffffffL)] // DT_FILTER
    [TestCase(0x6ffffefcL)] // DT_AUDIT
    [TestCase(0x6ffffefbL)] // DT_DEPAUDIT
    public void Filters_and_audits_are_refused(long tag)
    {
        HostileModel.EditLibrary(_source, "evil.so.1", tag);

        Assert.That(Seal, Refused.With(SafeModelError.ModelInvalid, "makes the loader load 'evil.so.1'"));
    }

    [TestCase(15L)] // DT_RPATH
    [TestCase(29L)] // DT_RUNPATH
    public void Search_paths_are_refused(long tag)
    {
        HostileModel.EditLibrary(_source, "/tmp/evil", tag);

        Assert.That(Seal, Refused.With(SafeModelError.ModelInvalid, "'/tmp/evil' (RUNPATH)"));
    }

    [Test]
    public void Instructions_that_the_file_has_elsewhere_than_memory_are_refused()
    {
        var bytes = File.ReadAllBytes(Library);
        var dynamic = ProgramHeader(bytes, kind: 2);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(dynamic + 8), BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(dynamic + 8)) + 16);
        File.WriteAllBytes(Library, bytes);

        Assert.That(Seal, Refused.With(SafeModelError.ModelInvalid, "is not a shared library"));
    }

    [Test]
    public void A_segment_that_would_be_mapped_over_another_is_refused()
    {
        var bytes = File.ReadAllBytes(Library);
        var first = ProgramHeader(bytes, kind: 1);
        var second = first + 56;
        Assert.That(BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(second)), Is.EqualTo(1));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(second + 16), BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(first + 16)));
        File.WriteAllBytes(Library, bytes);

        Assert.That(Seal, Refused.With(SafeModelError.ModelInvalid, "is not a shared library"));
    }

    /// <summary>Does something when the time of sealing is asked for, which is after all checks of the source.</summary>
    private sealed class SwappingClock(Action action) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow()
        {
            action();
            return DateTimeOffset.UnixEpoch;
        }
    }

    private static int ProgramHeader(byte[] bytes, int kind)
    {
        var at = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(32));
        while (BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at)) != kind)
        {
            at += 56;
        }

        return at;
    }

    private void Seal() => ModelSealer.Seal(_source, _folder[Guid.NewGuid().ToString("N")], RandomNumberGenerator.GetBytes(SafeModel.KeyLength));
}
