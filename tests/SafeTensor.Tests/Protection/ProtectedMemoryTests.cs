using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

public sealed unsafe class ProtectedMemoryTests
{
    [TestCase(1, 4096)]
    [TestCase(4097, 4096)]
    [TestCase(2 << 20, 2 << 20)]
    [TestCase((5 << 20) + 1, 2 << 20)]
    public void Memory_is_aligned_zeroed_and_of_the_length_asked(int length, int alignment)
    {
        using var memory = ProtectedMemory.Reserve(length);

        Assert.That((long)memory.Address % alignment, Is.Zero);
        Assert.That(memory.Length, Is.EqualTo(length));
        Assert.That(memory.Span.IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
    }

    [Test]
    public void Guard_pages_stand_at_both_ends()
    {
        using var memory = ProtectedMemory.Reserve(4096);

        var maps = File.ReadAllLines("/proc/self/maps");
        Assert.That(maps, Has.Some.Matches<string>(line => line!.StartsWith($"{(nint)memory.Address - 4096:x}-", StringComparison.Ordinal) && line!.Contains(" ---p ")));
        Assert.That(maps, Has.Some.Matches<string>(line => line!.Contains($"-{(nint)memory.Address + 8192:x} ") && line!.Contains(" ---p ")));
    }

    [Test]
    public void Flags_that_are_claimed_are_the_kernels()
    {
        using var memory = ProtectedMemory.Reserve(2 << 20);
        memory.Span.Fill(1);

        var flags = VmFlags(memory);
        Assert.That(flags.Contains("dd"), Is.EqualTo(memory.IsExcludedFromCoreFiles));
        Assert.That(flags.Contains("dc"), Is.EqualTo(memory.IsExcludedFromForks));
        Assert.That(flags.Contains("lo"), Is.EqualTo(memory.IsLocked));
        Assert.That(flags.Contains("hg"), Is.EqualTo(memory.HugePageBytes > 0));
    }

    [Test]
    public void Read_only_memory_can_be_wiped_and_written_again()
    {
        using var memory = ProtectedMemory.Reserve(4096);
        memory.Span.Fill(7);
        memory.MakeReadOnly();
        Assert.That(VmFlags(memory), Does.Not.Contain("wr"));

        memory.Wipe();

        Assert.That(memory.Span.IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
        Assert.That(VmFlags(memory), Does.Contain("wr"));
    }

    [TestCase(4096)]
    [TestCase(4 << 20)]
    public void Emptied_memory_has_no_pages_and_no_access_and_comes_back_zeroed_at_its_address(int length)
    {
        using var memory = ProtectedMemory.Reserve(length);
        var (address, isLocked) = ((nint)memory.Address, memory.IsLocked);
        memory.Span.Fill(7);
        memory.MakeReadOnly();

        memory.Empty();

        var region = Region(memory);
        Assert.That(region[0], Does.Contain(" ---p "));
        Assert.That(region, Has.Some.Matches<string>(line => line!.StartsWith("Rss:", StringComparison.Ordinal) && line.EndsWith(" 0 kB", StringComparison.Ordinal)));

        memory.Restore();

        Assert.That((nint)memory.Address, Is.EqualTo(address));
        Assert.That(memory.Span.IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
        memory.Span.Fill(8);
        Assert.That(memory.IsLocked, Is.EqualTo(isLocked));
        Assert.That(VmFlags(memory), Does.Contain("wr").And.Contain("dd").And.Contain("dc"));
    }

    [Test]
    public void Wiping_touches_no_page_that_was_not_there()
    {
        using var memory = ProtectedMemory.Reserve(64 << 20);
        memory.Span[..(1 << 20)].Fill(7);
        var before = Region(memory).First(line => line.StartsWith("Rss:", StringComparison.Ordinal));

        memory.Wipe();

        Assert.That(Region(memory).First(line => line.StartsWith("Rss:", StringComparison.Ordinal)), Is.EqualTo(before));
        Assert.That(memory.Span[..(1 << 20)].IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
    }

    [Test]
    public void Disposed_memory_is_unmapped_and_says_so()
    {
        var memory = ProtectedMemory.Reserve(4096);
        var address = (nint)memory.Address;
        memory.Dispose();

        Assert.That(File.ReadAllText("/proc/self/maps"), Does.Not.Contain($"{address:x}-"));
        Assert.That(() => memory.Span.Length, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Memory_that_nobody_disposed_is_unmapped_by_the_finalizer()
    {
        var address = Abandon();
        for (var i = 0; i < 10 && Maps().Contains($"{address:x}-"); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.That(Maps(), Does.Not.Contain($"{address:x}-"));

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static nint Abandon() => (nint)ProtectedMemory.Reserve(4096).Address;

        static string Maps() => File.ReadAllText("/proc/self/maps");
    }

    [Test]
    public void More_than_the_address_space_is_refused() =>
        Assert.That(() => ProtectedMemory.Reserve(1L << 60), Throws.TypeOf<InsufficientMemoryException>());

    [Test]
    public void Secret_pages_are_said_to_be_secret_or_refused()
    {
        ProtectedMemory memory;
        try
        {
            memory = ProtectedMemory.Reserve(4096, MemoryKind.Secret);
        }
        catch (SafeModelException refusal)
        {
            Assert.That(refusal.Error, Is.EqualTo(SafeModelError.ProtectionUnavailable));
            Assert.Ignore($"This kernel has no memfd_secret: {refusal.Message}");
            return;
        }

        using (memory)
        {
            memory.Span.Fill(9);
            Assert.That((memory.IsSecret, memory.IsLocked), Is.EqualTo((true, true)));
            using var self = File.OpenHandle("/proc/self/mem");
            Assert.That(() => RandomAccess.Read(self, new byte[16], (long)memory.Address), Throws.InstanceOf<IOException>(), "not even this process reads it through /proc");
        }
    }

    private static string[] VmFlags(ProtectedMemory memory) => Region(memory)[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];

    private static string[] Region(ProtectedMemory memory)
    {
        var lines = File.ReadAllLines("/proc/self/smaps");
        var at = Array.FindIndex(lines, line => line.StartsWith($"{(nint)memory.Address:x}-", StringComparison.Ordinal));
        return lines[at..(Array.FindIndex(lines, at, line => line.StartsWith("VmFlags:", StringComparison.Ordinal)) + 1)];
    }
}
