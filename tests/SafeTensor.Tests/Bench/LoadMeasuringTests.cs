using System.ComponentModel;
using System.Diagnostics;
using NUnit.Framework;
using SafeTensor.Cli.Bench;
using SafeTensor.Native;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Bench;

/// <summary>What <c>bench load</c> measures is what it says.</summary>
public sealed class LoadMeasuringTests
{
    [Test]
    public unsafe void A_stock_load_gives_the_executor_the_files_weights()
    {
        TvmRuntime.Load(TestRuntime.Library);
        using var executor = StockLoad.Load(TestData.Digits);
        using var get = TvmCall.Member(executor, "get_input");
        using var file = PackageFile.Open(Path.Combine(TestData.Digits, "mod.params"));

        foreach (var (info, offset) in ParamsReader.Read(file))
        {
            var expected = new byte[info.ByteLength];
            file.Read(offset, expected);
            fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(info.Name + '\0'))
            {
                TvmCall.Invoke(get, [new TVMValue { v_str = name }], [TVMValue.TypeCode.Str], out var result, out var code);
                Assert.That(code, Is.EqualTo(TVMValue.TypeCode.NDArray));
                using var array = new TvmArrayHandle(result.v_handle);
                Assert.That(new ReadOnlySpan<byte>(array.Data, expected.Length).SequenceEqual(expected), info.Name);
            }
        }
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(Blocks.Length)]
    [TestCase((5 * Blocks.Length) + 7)]
    public void Blocks_are_all_of_a_length_once(long length)
    {
        var seen = new System.Collections.Concurrent.ConcurrentBag<(long Offset, int Length)>();
        Blocks.OnAllThreads(length, blocks =>
        {
            while (blocks.TryNext(out var offset, out var count))
            {
                seen.Add((offset, count));
            }
        });

        long at = 0;
        foreach (var (offset, count) in seen.Order())
        {
            Assert.That(offset, Is.EqualTo(at));
            at += count;
        }

        Assert.That(at, Is.EqualTo(length));
    }

    [Test]
    public void Floors_are_measured_for_any_length()
    {
        const long length = (3 * Blocks.Length) + 5;

        Assert.That(MachineFloor.Aes(length).Ticks, Is.Positive);
        Assert.That(MachineFloor.FirstTouch(length).Ticks, Is.Positive);
        Assert.That(MachineFloor.Pread(Path.Combine(TestData.Digits, "mod.params")).Ticks, Is.Positive);
    }

    [Test]
    public void A_cold_file_is_out_of_the_page_cache_and_a_warm_one_in_it()
    {
        using var folder = new TemporaryFolder();
        if (PageCache.IsAllThereIs(folder.Path))
        {
            Assert.Ignore($"{folder.Path} is in a file system that is all in memory.");
        }

        var path = Path.Combine(folder.CopyOf(TestData.Digits), "mod.params");
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite))
        {
            DiskFlush.Of(file, path);
        }

        PageCache.Fill(Path.GetDirectoryName(path)!);
        var warm = CachedBytes(path);
        PageCache.Drop(Path.GetDirectoryName(path)!);
        var cold = CachedBytes(path);

        Assert.That(warm, Is.GreaterThanOrEqualTo(new FileInfo(path).Length));
        Assert.That(cold, Is.Zero);
    }

    // By a tool of util-linux.
    private static long CachedBytes(string path)
    {
        try
        {
            using var tool = Process.Start(new ProcessStartInfo("fincore", ["--bytes", "--noheadings", "--output", "RES", path]) { RedirectStandardOutput = true })!;
            return long.Parse(tool.StandardOutput.ReadToEnd(), System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (Win32Exception)
        {
            Assert.Ignore("There is no tool 'fincore' on this machine, which tells what of a file is in memory.");
            throw;
        }
    }
}
