using System.Formats.Tar;
using System.Text;
using CsCheck;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Tricks and damage in tars are refused, with words that say what to do.</summary>
public sealed class TarRefusalTests
{
    private TemporaryFolder _folder = null!;

    private string Archive => _folder["model.tar"];

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void Tricks_are_refused()
    {
        // Not test cases: a runner drops cases with such names.
        RefusedWith("leads out of the tar", tar => tar.Add("/mod.so"));
        RefusedWith("leads out of the tar", tar => tar.Add("../mod.so"));
        RefusedWith("leads out of the tar", tar => tar.Add("a/../mod.so"));
        RefusedWith("leads out of the tar", tar => tar.Add("a/..", kind: '5'));
        RefusedWith("backslash", tar => tar.Add("a\\mod.so"));
        RefusedWith("leads out of the tar", tar => tar.Pax("path=../mod.so").Add("mod.so"));
        RefusedWith("leads out of the tar", tar => tar.Add("././@LongLink", "/etc/mod.so\0", 'L').Add("mod.so"));
        RefusedWith("a hard link", tar => tar.Add("mod.so", kind: '1'));
        RefusedWith("a symbolic link", tar => tar.Add("mod.so", kind: '2'));
        RefusedWith("a symbolic link", tar => tar.Add("././@LongLink", "target\0", 'K').Add("sub/link", kind: '2'));
        RefusedWith("a device", tar => tar.Add("mod.so", kind: '3'));
        RefusedWith("a device", tar => tar.Add("mod.so", kind: '4'));
        RefusedWith("a FIFO", tar => tar.Add("mod.so", kind: '6'));
        RefusedWith("a sparse file", tar => tar.Add("mod.so", kind: 'S'));
        RefusedWith("a sparse file", tar => tar.Pax("GNU.sparse.major=1", "GNU.sparse.name=mod.so").Add("mod.so"));
        RefusedWith("unknown kind 0x4d", tar => tar.Add("mod.so", kind: 'M'));
        RefusedWith("'mod.so' twice", tar => tar.Add("mod.so").Add("mod.so"));
        RefusedWith("'mod.so' twice", tar => tar.Add("mod.so").Add("./mod.so"));
        RefusedWith("'mod.so' twice", tar => tar.Add("mod.so").Add(".//.//mod.so"));
        RefusedWith("'mod.so' twice", tar => tar.Add("mod.so").Pax("path=mod.so").Add("other"));
        RefusedWith("'mod.so' twice", tar => tar.Add("mod.so/", kind: '5').Add("mod.so"));
        RefusedWith("null or control character", tar => tar.Add("mod.so\0.txt"));
        RefusedWith("null or control character", tar => tar.Pax("path=mod.so\0.txt").Add("x"));
        RefusedWith("null or control character", tar => tar.Add("././@LongLink", "mod.so\0.txt\0", 'L').Add("x"));
        RefusedWith("null or control character", tar => tar.Add("mod\u001b[31m.so"));
        RefusedWith("null or control character", tar => tar.Add("mod\n.so"));
        RefusedWith("not UTF-8", tar => tar.Add([0xC3, 0x28], []));
        RefusedWith("is empty", tar => tar.Add(""));
        RefusedWith("longer than 1024 bytes", tar => tar.Add("././@LongLink", new string('n', 1025), 'L').Add("x"));
        RefusedWith("no name", tar => tar.Add("mod.so/"));
        RefusedWith("no name", tar => tar.Add("./"));
        RefusedWith("a folder that has data", tar => tar.Add("sub/", "data", '5'));
        RefusedWith("one name or size", tar => tar.Add("PaxHeader", "15 path=mod.so\n", 'g').Add("x"));
        RefusedWith("two headers", tar => tar.Pax("path=mod.so").Pax("path=other").Add("x"));
        RefusedWith("two headers", tar => tar.Pax("path=mod.so").Add("././@LongLink", "other\0", 'L').Add("x"));
    }

    [Test]
    public void Damage_is_refused()
    {
        RefusedWith("no whole header at byte 0", tar => tar.Header([], 0).Bytes(), bytes => bytes[0]++);
        RefusedWith("no whole header", tar => tar.Add("x", change: header => "00000000008\0"u8.CopyTo(header.AsSpan(124))));
        RefusedWith("no whole header", tar => tar.Add("x", change: header => RawTar.BinarySize(header, -1)));
        RefusedWith("no whole header", tar => tar.Add("x", change: header => header.AsSpan(124, 12).Fill(0xFF)));
        RefusedWith("no whole header at byte 512", tar => tar.Add("x").Bytes(Enumerable.Repeat((byte)'x', 512).ToArray()));
        RefusedWith("cut off", tar => tar.Header("x"u8.ToArray(), 4096));
        RefusedWith("cut off", tar => tar.Header("x"u8.ToArray(), 0, change: header => RawTar.BinarySize(header, long.MaxValue)));
        RefusedWith("cut off", tar => tar.Pax($"size={long.MaxValue}").Add("x"));
        RefusedWith("not well formed", tar => tar.Pax("size=9223372036854775808").Add("x"));
        RefusedWith("not well formed", tar => tar.Pax("size=-1").Add("x"));
        RefusedWith("not well formed", tar => tar.Pax("size=1", "size=2").Add("x"));
        RefusedWith("not well formed", tar => tar.Pax("path=a", "path=b").Add("x"));
        RefusedWith("not well formed", tar => tar.Pax("path=").Add("x"));
        RefusedWith("not well formed", tar => tar.Pax("no value").Add("x"));
        RefusedWith("not well formed", tar => tar.Add("p", "99 path=a\n", 'x').Add("x"));
        RefusedWith("not well formed", tar => tar.Add("p", "-9 path=a\n", 'x').Add("x"));
        RefusedWith("not well formed", tar => tar.Add("p", "10 path=abc", 'x').Add("x"));
        RefusedWith("not well formed", tar => tar.Add("p", "4294967306 path=a\n", 'x').Add("x"));
        RefusedWith("not well formed", tar => tar.Add("p", "1 ", 'x').Add("x"));
        RefusedWith("more than an end", tar => tar.Pax("path=mod.so"));
        RefusedWith("more than an end", tar => tar.Add("x").Bytes(new byte[512]).Add("hidden"));
        RefusedWith("more than an end", tar => tar.Add("x").Bytes(new byte[1024]).Add("hidden"));
        RefusedWith("more than an end", tar => tar.Add("x").Bytes(new byte[(1 << 20) + 1024]));
    }

    [Test]
    public void Other_files_are_no_tars_and_the_message_says_what_they_are()
    {
        foreach (var start in new byte[][] { [0x1F, 0x8B, 8], [.. "BZh9"u8], [0xFD, .. "7zXZ"u8], [0x28, 0xB5, 0x2F, 0xFD], [.. "PK\u0003\u0004"u8] })
        {
            Assert.That(() => Read([.. start, .. new byte[2000]]), Refused.With(SafeModelError.ModelInvalid, "Unpack it"));
        }

        foreach (var other in new byte[][] { [], new byte[511], [.. "\u007fELF"u8, .. new byte[2000]], File.ReadAllBytes(Path.Combine(TestData.Digits, "mod.params")) })
        {
            Assert.That(() => Read(other), Refused.With(SafeModelError.ModelInvalid, "is neither a tar nor a .so"));
        }

        TarFile.Write(Archive, TarEntryFormat.V7, new Dictionary<string, byte[]> { ["mod.so"] = [1] });
        Assert.That(() => Read(File.ReadAllBytes(Archive)), Refused.With(SafeModelError.ModelInvalid, "is neither a tar nor a .so"));
    }

    [Test]
    public void Headers_of_any_kind_in_any_order_give_files_inside_the_tar_or_a_refusal()
    {
        string[] texts = ["", "mod.so", "./mod.so", "a/b/", "..", "15 path=mod.so\n", "9 size=1\n", "22 size=9999999999999\n", "12 path=a/b\n13 size=600\n", "x\0", "ü", new string('n', 700)];
        var text = Gen.Int[0, texts.Length - 1].Select(i => texts[i]);
        var kind = Gen.Int[0, 12].Select(i => "0000\057xgLK2S"[i]);
        var size = Gen.Int[0, 5].Select(i => new long[] { -1, 0, 3, 511, 513, long.MaxValue }[i]);
        var header = Gen.Select(text, text, kind, size, Gen.Int[0, 600]);

        // One file, which never changes its length: the zeros behind a tar are what programs pad it with.
        var bytes = new byte[16 << 10];
        File.WriteAllBytes(Archive, bytes);
        using var file = File.OpenHandle(Archive, FileMode.Open, FileAccess.Write);
        using var archive = PackageFile.Open(Archive);
        var taken = 0;
        header.List[1, 6].Sample(
            headers =>
            {
                var tar = new RawTar();
                foreach (var (name, data, what, promised, flaw) in headers)
                {
                    tar.Add(Encoding.UTF8.GetBytes(name)[..Math.Min(100, Encoding.UTF8.GetByteCount(name))], Encoding.UTF8.GetBytes(data), what, block =>
                    {
                        // Seldom another size than that of the data, and seldom another byte.
                        if (promised > 0 && flaw % 4 == 0)
                        {
                            RawTar.BinarySize(block, promised);
                        }

                        block[Math.Min(flaw, 511)] ^= (byte)(flaw is > 256 and < 512 ? 1 : 0);
                    });
                }

                Array.Clear(bytes);
                tar.End().CopyTo(bytes, 0);
                RandomAccess.Write(file, bytes, fileOffset: 0);
                try
                {
                    foreach (var member in TarArchive.Read(archive))
                    {
                        Assert.That(member.Offset, Is.InRange(512, bytes.Length - 1024));
                        Assert.That(member.Length, Is.InRange(0, bytes.Length - 1024 - member.Offset));
                        Assert.That(member.Name, Does.Not.StartWith("/").And.Not.Contains("..").And.Not.Contains("./").And.Not.Contains("\0").And.Not.Empty);
                        taken++;
                    }
                }
                catch (SafeModelException e) when (e.Error is SafeModelError.ModelInvalid or SafeModelError.LimitExceeded)
                {
                }
            },
            iter: 3000,
            threads: 1);
        Assert.That(taken, Is.GreaterThan(10));
    }

    private void RefusedWith(string text, Func<RawTar, RawTar> write, Action<byte[]>? damage = null)
    {
        var bytes = write(new RawTar()).End();
        damage?.Invoke(bytes);
        Assert.That(() => Read(bytes), Refused.With(SafeModelError.ModelInvalid, text));
    }

    private void Read(byte[] bytes)
    {
        File.WriteAllBytes(Archive, bytes);
        using var archive = PackageFile.Open(Archive);
        TarArchive.Read(archive);
    }
}
