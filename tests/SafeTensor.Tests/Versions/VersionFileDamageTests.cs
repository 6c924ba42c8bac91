using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Versions;

/// <summary>A version file that is not what was written is refused, whatever the package, and left as it is.</summary>
public sealed class VersionFileDamageTests
{
    private static readonly string[] Nobody = [];

    private TemporaryFolder _folder = null!;
    private VersionFile _file = null!;
    private byte[] _whole = null!;

    private string Location => _folder["model.versions"];

    [SetUp]
    public void Write()
    {
        _folder = new TemporaryFolder();
        _file = new VersionFile(Location);
        _file.Raise(Nobody, "digits", 7, CancellationToken.None);
        _file.Raise(["NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"], "acme/digits 1", ulong.MaxValue, CancellationToken.None);
        _file.Raise(["alice"], "", 1, CancellationToken.None);
        _whole = File.ReadAllBytes(Location);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void Every_flipped_bit_is_refused()
    {
        for (var bit = 0; bit < 8 * _whole.Length; bit++)
        {
            var changed = _whole.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertRefused(changed, $"bit {bit}");
        }

        TestContext.Out.WriteLine($"{8 * _whole.Length} flipped bits, all refused");
    }

    [Test]
    public void Every_truncation_is_refused()
    {
        for (var length = 0; length < _whole.Length; length++)
        {
            AssertRefused(_whole[..length], $"{length} bytes");
        }
    }

    [Test]
    public void Every_byte_more_less_or_twice_and_every_line_moved_is_refused()
    {
        for (var at = 0; at <= _whole.Length; at++)
        {
            AssertRefused([.. _whole[..at], (byte)'7', .. _whole[at..]], $"a byte more at {at}");
            AssertRefused([.. _whole[..at], 0, .. _whole[at..]], $"a zero more at {at}");
            if (at < _whole.Length)
            {
                AssertRefused([.. _whole[..at], .. _whole[(at + 1)..]], $"a byte less at {at}");
            }
        }

        var lines = Encoding.ASCII.GetString(_whole).Split('\n')[..^1];
        for (var i = 0; i < lines.Length; i++)
        {
            for (var j = 0; j < lines.Length; j++)
            {
                if (i != j)
                {
                    var swapped = lines.ToArray();
                    (swapped[i], swapped[j]) = (swapped[j], swapped[i]);
                    AssertRefused(Encoding.ASCII.GetBytes(string.Join('\n', swapped) + '\n'), $"lines {i} and {j} swapped");
                }
            }

            AssertRefused(Encoding.ASCII.GetBytes(string.Join('\n', lines.Where((_, n) => n != i)) + '\n'), $"no line {i}");
            AssertRefused(Encoding.ASCII.GetBytes(string.Join('\n', lines[..i].Append(lines[i]).Concat(lines[i..])) + '\n'), $"line {i} twice");
        }

        AssertRefused([.. _whole, .. _whole], "twice");
        AssertRefused(new byte[_whole.Length], "zeros");
    }

    /// <summary>Their digest fits, as somebody who writes it by hand would make it, and they are refused all the same.</summary>
    [TestCase("")]
    [TestCase("safetensor versions 2\n7  digits\n")]
    [TestCase("safetensor versions 1\r\n7  digits\r\n")]
    [TestCase("safetensor versions 1\n07  digits\n")]
    [TestCase("safetensor versions 1\n+7  digits\n")]
    [TestCase("safetensor versions 1\n-7  digits\n")]
    [TestCase("safetensor versions 1\n7.0  digits\n")]
    [TestCase("safetensor versions 1\n18446744073709551616  digits\n")]
    [TestCase("safetensor versions 1\n7 digits\n")]
    [TestCase("safetensor versions 1\n7   digits\n")]
    [TestCase("safetensor versions 1\n7  digits \n")]
    [TestCase("safetensor versions 1\n7  %64igits\n")]
    [TestCase("safetensor versions 1\n7  digits%c3%a9\n")]
    [TestCase("safetensor versions 1\n7  digits%ff\n")]
    [TestCase("safetensor versions 1\n7  digits%\n")]
    [TestCase("safetensor versions 1\n7  digits/1\n")]
    [TestCase("safetensor versions 1\n7  digits\n7  digits\n")]
    [TestCase("safetensor versions 1\n7  digits\n8  digits\n")]
    [TestCase("safetensor versions 1\n7  digits\n7  apples\n")]
    [TestCase("safetensor versions 1\n\n7  digits\n")]
    [TestCase("safetensor versions 1\n# a remark\n7  digits\n")]
    [TestCase("\ufeffsafetensor versions 1\n7  digits\n")]
    public void Another_form_of_the_same_or_of_anything_else_is_refused(string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        AssertRefused([.. bytes, .. Encoding.ASCII.GetBytes($"sha256 {Convert.ToHexStringLower(SHA256.HashData(bytes))}\n")], body);
    }

    [Test]
    public void One_that_is_too_large_is_refused_before_it_is_read()
    {
        // Sparse, so that a reader which believed it would ask for a terabyte.
        using (var file = File.OpenWrite(Location))
        {
            file.SetLength(1L << 40);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => _file.Check(Nobody, "digits", 7), Refused.With(SafeModelError.RolledBack, "has 1099511627776 bytes; the limit is 1048576."));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 16));
    }

    [Test]
    public void The_largest_hostile_ones_are_refused_in_bounded_work()
    {
        byte[][] files =
        [
            [.. Enumerable.Repeat((byte)'\n', SeenVersions.MaxLength)],
            [.. Enumerable.Repeat((byte)' ', SeenVersions.MaxLength)],
            [.. "safetensor versions 1\n"u8, .. Enumerable.Repeat((byte)'%', SeenVersions.MaxLength - 22)],
            [.. "safetensor versions 1\n7  "u8, .. Enumerable.Repeat((byte)'a', SeenVersions.MaxLength - 25)],
            Encoding.ASCII.GetBytes("safetensor versions 1\n" + string.Concat(Enumerable.Range(0, 80_000).Select(i => $"1  {i:x6}\n"))),
        ];
        foreach (var file in files)
        {
            AssertRefused(file, "");
            var least = TimeSpan.MaxValue;
            for (var i = 0; i < 5; i++)
            {
                var (memory, time) = (GC.GetAllocatedBytesForCurrentThread(), Environment.CpuUsage.TotalTime);
                Assert.That(() => _file.Check(Nobody, "digits", 7), Refused.With(SafeModelError.RolledBack));
                Assert.That(GC.GetAllocatedBytesForCurrentThread() - memory, Is.LessThan(32 << 20));
                least = TimeSpan.FromTicks(Math.Min(least.Ticks, (Environment.CpuUsage.TotalTime - time).Ticks));
            }

            Assert.That(least, Is.LessThan(TimeSpan.FromMilliseconds(50)));
        }
    }

    [Test]
    public void Deleting_it_is_the_way_out()
    {
        File.WriteAllText(Location, "");
        Assert.That(() => _file.Check(Nobody, "digits", 7), Refused.With(
            SafeModelError.RolledBack, "Restore it from a backup, or delete it once the package is known to be the newest."));

        File.Delete(Location);

        Assert.That(() => _file.Raise(Nobody, "digits", 3, CancellationToken.None), Throws.Nothing);
        Assert.That(() => _file.Check(Nobody, "digits", 2), Refused.With(SafeModelError.RolledBack, "remembers version 3"));
    }

    private void AssertRefused(byte[] contents, string what)
    {
        File.WriteAllBytes(Location, contents);
        foreach (var version in (ulong[])[0, 7, ulong.MaxValue])
        {
            Assert.That(() => _file.Check(Nobody, "digits", version), Refused.With(SafeModelError.RolledBack, "cannot be shown"), what);
        }

        Assert.That(() => _file.Raise(Nobody, "digits", ulong.MaxValue, CancellationToken.None), Refused.With(SafeModelError.RolledBack, "cannot be shown"), what);
        Assert.That(File.ReadAllBytes(Location).AsSpan().SequenceEqual(contents), Is.True, what);
    }
}
