using System.Diagnostics;
using System.Formats.Tar;
using System.Text;
using CsCheck;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Tars are read in place, in every format that programs write today. What is refused: <see cref="TarRefusalTests"/>.</summary>
public sealed class TarArchiveTests
{
    private static readonly TarEntryFormat[] Formats = [TarEntryFormat.Ustar, TarEntryFormat.Pax, TarEntryFormat.Gnu];

    private TemporaryFolder _folder = null!;

    private string Archive => _folder["model.tar"];

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_tar_of_each_format_is_read_where_its_files_are([ValueSource(nameof(Formats))] TarEntryFormat format)
    {
        var files = new Dictionary<string, byte[]>
        {
            ["mod.so"] = Encoding.ASCII.GetBytes("code"),
            ["mod.params"] = new byte[1024],
            ["größe"] = [7],
            [$"{new string('d', 99)}/{new string('n', 99)}"] = new byte[513],
            ["empty"] = [],
        };
        TarFile.Write(Archive, format, files);

        using var archive = PackageFile.Open(Archive);
        Assert.That(Contents(archive), Is.EqualTo(files));
    }

    [Test]
    public void Whatever_is_packed_is_found_again()
    {
        var name = Gen.String[Gen.Char["abc.-_é "], 1, 60].Select(text => $"n{text}");
        var files = Gen.Dictionary(name, Gen.Byte.Array[0, 1600])[1, 6];
        Gen.Select(Gen.Int[0, Formats.Length - 1].Select(i => Formats[i]), files).Sample(
            (format, packed) =>
            {
                TarFile.Write(Archive, format, packed);
                using var archive = PackageFile.Open(Archive);
                Assert.That(Contents(archive), Is.EqualTo(packed));
            },
            iter: 100,
            threads: 1);
    }

    [Test]
    public void Folders_and_a_leading_dot_are_no_matter()
    {
        var found = Read(new RawTar().Add("./", kind: '5').Add("./mod.so", "code").Add("sub/", kind: '5').Add("sub/./x", "x", '7').End());

        Assert.That(found.Select(member => member.Name), Is.EqualTo(new[] { "mod.so", "sub/x" }));
    }

    [Test]
    public void Names_and_sizes_of_all_kinds_of_headers_count()
    {
        var longName = new string('n', 300);
        var found = Read(new RawTar()
            .Add("PaxHeader", "", 'g')
            .Pax("mtime=1700000000.5", "path=one", "comment=a=b").Add("other", "1")
            .Pax("size=3").Add("two", "", change: header => header.AsSpan(124, 12).Clear()).Bytes([.. "abc"u8, .. new byte[509]])
            .Add("././@LongLink", longName + "\0", 'L').Add(longName[..100], "333", change: header => "ustar  \0"u8.CopyTo(header.AsSpan(257)))
            .Add("four", "4444", change: header => RawTar.BinarySize(header, 4))
            .Add("e", "5", change: header => "fiv"u8.CopyTo(header.AsSpan(345)))
            .End());

        Assert.That(found.Select(member => (member.Name, member.Length)), Is.EqualTo(new[] { ("one", 1L), ("two", 3), (longName, 3), ("four", 4), ("fiv/e", 1) }));
    }

    [Test]
    public void Files_above_8_GiB_are_read()
    {
        const long size = 9L << 30;
        File.WriteAllBytes(Archive, new RawTar().Header("mod.params"u8.ToArray(), 0, change: header => RawTar.BinarySize(header, size)).ToArray());
        using (var file = File.OpenWrite(Archive))
        {
            // With a hole in it, so that it takes no room.
            file.SetLength(512 + size + 1024);
        }

        using var archive = PackageFile.Open(Archive);
        Assert.That(TarArchive.Read(archive), Is.EqualTo(new[] { new TarMember("mod.params", 512, size) }));
    }

    [Test]
    public void A_tar_cut_anywhere_is_refused([ValueSource(nameof(Formats))] TarEntryFormat format)
    {
        TarFile.Write(Archive, format, new Dictionary<string, byte[]> { ["mod.so"] = new byte[600], [LongName(format)] = [1] });
        using var file = File.OpenWrite(Archive);
        for (var length = file.Length - 1; length >= 0; length--)
        {
            file.SetLength(length);
            using var archive = PackageFile.Open(Archive);
            Assert.That(() => TarArchive.Read(archive), Refused.With(SafeModelError.ModelInvalid), $"{length} bytes");
        }
    }

    [Test]
    public void A_changed_byte_is_refused_or_moves_no_file([ValueSource(nameof(Formats))] TarEntryFormat format)
    {
        TarFile.Write(Archive, format, new Dictionary<string, byte[]> { ["mod.so"] = [1], [LongName(format)] = [2] });
        using var archive = PackageFile.Open(Archive);
        var before = TarArchive.Read(archive);
        var taken = 0;
        using var file = File.OpenHandle(Archive, FileMode.Open, FileAccess.ReadWrite);
        var bytes = File.ReadAllBytes(Archive);
        for (var offset = 0; offset < bytes.Length; offset++)
        {
            foreach (var flip in new[] { 1 << (offset % 8), 0xFF })
            {
                RandomAccess.Write(file, [(byte)(bytes[offset] ^ flip)], offset);
                taken += Refuses(archive, before) ? 0 : 1;
            }

            RandomAccess.Write(file, [bytes[offset]], offset);
        }

        // A space for a null in a checksum, the rest of a block, and the dates and names that nobody asks for.
        Assert.That(taken, Is.InRange(1, bytes.Length));
    }

    [Test]
    public void Too_much_is_refused_at_once_and_in_little_memory()
    {
        var headers = new RawTar();
        for (var i = 0; i < 5000; i++)
        {
            headers.Add($"{i}");
        }

        var many = headers.End();
        Assert.That(() => Read(many), Refused.With(SafeModelError.LimitExceeded, "4096"));
        Assert.That(() => Read(new RawTar().Header("p"u8.ToArray(), 0, 'x', header => RawTar.BinarySize(header, long.MaxValue)).End()), Refused.With(SafeModelError.LimitExceeded, "65536"));

        // Names as long as can be, each with a header of its own.
        var names = new RawTar();
        for (var i = 0; i < 2100; i++)
        {
            names.Add("././@LongLink", $"{i:d4}{new string('n', 1020)}", 'L').Add("x");
        }

        File.WriteAllBytes(Archive, names.End());
        using var archive = PackageFile.Open(Archive);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => TarArchive.Read(archive), Refused.With(SafeModelError.LimitExceeded));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - allocated, Is.LessThan(32 << 20));
        Assert.That(Enumerable.Range(0, 5).Min(_ => CpuMilliseconds(archive)), Is.LessThan(50));
    }

    [Test]
    public void A_slice_ends_where_it_ends_whatever_is_behind_it()
    {
        File.WriteAllBytes(Archive, [.. "0123456789"u8]);
        using var file = PackageFile.Open(Archive);
        var slice = file.Slice("s", 2, 5).Slice("t", 1, 3);
        var bytes = new byte[3];
        slice.Read(0, bytes);

        Assert.That(bytes, Is.EqualTo("345"u8.ToArray()));
        Assert.That(() => slice.Read(1, bytes), Refused.With(SafeModelError.Tampered, "t ends at byte 3, 1 bytes short"));
        Assert.That(() => slice.Read(long.MaxValue, bytes), Refused.With(SafeModelError.Tampered));
        Assert.That(() => slice.Read(-1, bytes), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => file.Slice("u", 2, 9), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => file.Slice("u", 11, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    // Ustar has no room for such a one.
    private static string LongName(TarEntryFormat format) => new('n', format == TarEntryFormat.Ustar ? 99 : 120);

    private IReadOnlyList<TarMember> Read(byte[] bytes)
    {
        File.WriteAllBytes(Archive, bytes);
        using var archive = PackageFile.Open(Archive);
        return TarArchive.Read(archive);
    }

    private static bool Refuses(PackageFile archive, IReadOnlyList<TarMember> before)
    {
        try
        {
            // Names and kinds are in the checksums, and the numbers too; a changed name or size in a long name's or a pax header's text is another tar.
            Assert.That(TarArchive.Read(archive).Select(member => member.Offset), Is.EqualTo(before.Select(member => member.Offset)));
            return false;
        }
        catch (SafeModelException e)
        {
            Assert.That(e.Error, Is.AnyOf(SafeModelError.ModelInvalid, SafeModelError.LimitExceeded));
            return true;
        }
    }

    private static double CpuMilliseconds(PackageFile archive)
    {
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        Assert.That(() => TarArchive.Read(archive), Throws.TypeOf<SafeModelException>());
        return (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMilliseconds;
    }

    private static Dictionary<string, byte[]> Contents(PackageFile archive) => TarArchive.Read(archive).ToDictionary(
        member => member.Name,
        member =>
        {
            var data = new byte[member.Length];
            archive.Slice(member.Name, member.Offset, member.Length).Read(0, data);
            return data;
        });
}
