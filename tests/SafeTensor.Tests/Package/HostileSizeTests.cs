using System.Buffers.Binary;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Sizes that a sealed mod.params claims, before anybody vouches for them: no one of them decides how much is read or allocated.</summary>
public sealed class HostileSizeTests
{
    private const int MaxManifest = 64 << 20;
    private const long HugeFile = 1L << 42;

    private static readonly PackageExpectations Any = new(null, 0, TimeProvider.System);

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void The_package_that_the_others_change_is_accepted()
    {
        var package = new HostilePackage().WriteTo(_folder);

        Assert.That(PackageInfo.Read(package).ModelId, Is.EqualTo("m"));
        Assert.That(() => Open(package), Throws.Nothing);
    }

    [TestCase(0ul, SafeModelError.NotEncrypted)]
    [TestCase(262_146ul, SafeModelError.LimitExceeded)]
    [TestCase(1_000_000_000ul, SafeModelError.LimitExceeded)]
    [TestCase(1ul << 63, SafeModelError.LimitExceeded)]
    [TestCase(ulong.MaxValue, SafeModelError.LimitExceeded)]
    [TestCase(262_145ul, SafeModelError.LimitExceeded)] // what follows is no list of so many names
    public void Counts_of_tensors(ulong count, SafeModelError error) => Refuse(new HostilePackage { NameCount = count }, error);

    [TestCase(1025ul)]
    [TestCase(1ul << 32)]
    [TestCase(1ul << 63)]
    [TestCase(ulong.MaxValue)]
    public void Lengths_of_names(ulong length) => Refuse(
        new HostilePackage { Names = ["12345678"u8.ToArray()] }, SafeModelError.LimitExceeded, file => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(46), length));

    [Test]
    public void Names_of_64_MiB_end_at_16() =>
        Refuse(new HostilePackage { Names = [.. Enumerable.Repeat(new byte[1024], (64 << 20) / 1032)] }, SafeModelError.LimitExceeded);

    [Test]
    public void As_many_names_as_there_may_be_and_no_manifest_behind_them() =>
        Refuse(new HostilePackage { Names = [.. Enumerable.Repeat(Array.Empty<byte>(), 262_144)], Record = record => record.AsSpan().Clear() }, SafeModelError.Tampered);

    [Test]
    public void As_many_names_as_there_may_be_in_a_hole_of_a_file()
    {
        var package = new HostilePackage { NameCount = 262_145 }.WriteTo(_folder);
        using (var file = File.OpenWrite(Path.Combine(package, "mod.params")))
        {
            file.SetLength(46);
            file.SetLength(HugeFile);
        }

        Refuse(package, SafeModelError.Tampered);
    }

    [TestCase((64ul << 20) + 1, SafeModelError.LimitExceeded)]
    [TestCase(1ul << 63, SafeModelError.LimitExceeded)]
    [TestCase(ulong.MaxValue, SafeModelError.LimitExceeded)]
    [TestCase(0ul, SafeModelError.UnsupportedFormat)]
    [TestCase(175ul, SafeModelError.UnsupportedFormat)]
    [TestCase(64ul << 20, SafeModelError.Tampered)] // beyond the file's end
    public void Lengths_of_the_manifest(ulong length, SafeModelError error) => Refuse(new HostilePackage { ManifestLength = length }, error);

    [TestCase(24, int.MaxValue)] // rank
    [TestCase(24, -1)]
    [TestCase(28, 0x0002_0801)] // two lanes
    [TestCase(28, 0x0001_08FF)] // an odd type
    [TestCase(28, 0x0001_0001)] // no bits
    [TestCase(32, 1 << 30)] // the side
    [TestCase(16, 2)] // another device
    public void Records_of_the_manifest(int at, int value) =>
        Refuse(new HostilePackage { Record = record => BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(at), value) }, SafeModelError.Tampered);

    [TestCase(0u)]
    [TestCase(3u)]
    [TestCase(1u << 15)]
    [TestCase(65_537u)]
    [TestCase(1u << 23)]
    [TestCase(1u << 31)]
    [TestCase(uint.MaxValue)]
    public void Segment_sizes(uint size) =>
        Refuse(new HostilePackage { Header = header => BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), size) }, SafeModelError.UnsupportedFormat);

    [TestCase(16, 1ul << 63)]
    [TestCase(16, ulong.MaxValue)]
    [TestCase(24, 1ul << 60)] // times 16 it is 0 again
    [TestCase(24, 1ul << 63)]
    [TestCase(24, ulong.MaxValue)]
    [TestCase(24, 1ul)]
    public void Lengths_of_body_and_tags(int at, ulong value) =>
        Refuse(new HostilePackage { Header = header => BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(at), value) }, SafeModelError.UnsupportedFormat);

    [Test]
    public void A_manifest_of_64_MiB_of_nothing_by_its_body() => Refuse(
        new HostilePackage
        {
            ManifestLength = MaxManifest,
            Header = header => BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), MaxManifest - ManifestHeader.Length),
            FileLength = HugeFile,
        },
        SafeModelError.LimitExceeded);

    [Test]
    public void A_manifest_of_64_MiB_of_nothing_by_its_tags() => Refuse(
        new HostilePackage { ManifestLength = MaxManifest, Header = header => Sizes(header, body: 16, tags: (MaxManifest - ManifestHeader.Length - 16) / 16), FileLength = MaxManifest * 2L },
        SafeModelError.LimitExceeded);

    // The file claims data for so many tags, in a hole.
    [Test]
    public void A_manifest_of_64_MiB_of_tags_for_a_hole_of_a_file()
    {
        var package = WithTags(MaxManifest);

        Bounded.Refusal(() => PackageInfo.Read(package), Refused.With(SafeModelError.LimitExceeded));
        Bounded.Refusal(() => Open(package), Refused.With(SafeModelError.Tampered));
    }

    // As many as are hashed without the key: nothing but their digest can tell.
    [Test]
    public void A_manifest_of_32_MiB_of_tags_for_a_hole_of_a_file()
    {
        var package = WithTags(ManifestHeader.Length + (32 << 20));

        Bounded.Refusal(() => PackageInfo.Read(package), Refused.With(SafeModelError.Tampered));
    }

    [Test]
    public void A_manifest_of_64_MiB_of_nothing_behind_as_many_names_as_there_may_be()
    {
        var package = new HostilePackage
        {
            Names = [.. Enumerable.Repeat("n"u8.ToArray(), 262_144)],
            ManifestLength = MaxManifest,
            Header = header => Sizes(header, body: MaxManifest - ManifestHeader.Length, tags: 0),
            FileLength = HugeFile,
        }.WriteTo(_folder);

        Bounded.Refusal(() => PackageInfo.Read(package), Refused.With(SafeModelError.LimitExceeded, "no key"));
        Bounded.Refusal(() => Open(package), Refused.With(SafeModelError.Tampered));
    }

    private string WithTags(int manifest) => new HostilePackage
    {
        ManifestLength = (ulong)manifest,
        Header = header => Sizes(header, body: 16, tags: (manifest - ManifestHeader.Length - 16) / 16),
        FileLength = HugeFile,
    }.WriteTo(_folder);

    private static void Sizes(byte[] header, long body, long tags)
    {
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), body);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), tags);
    }

    private void Refuse(HostilePackage package, SafeModelError error, Action<byte[]>? change = null)
    {
        var folder = package.WriteTo(_folder);
        if (change is not null)
        {
            var bytes = File.ReadAllBytes(Path.Combine(folder, "mod.params"));
            change(bytes);
            File.WriteAllBytes(Path.Combine(folder, "mod.params"), bytes);
        }

        Refuse(folder, error);
    }

    private static void Refuse(string package, SafeModelError error)
    {
        Bounded.Refusal(() => PackageInfo.Read(package), Refused.With(error), "without the key");
        Bounded.Refusal(() => Open(package), Refused.With(error), "with the key");
    }

    private static void Open(string package) => SealedPackage.Open(package, HostilePackage.Key, Any).Dispose();
}
