using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

public sealed class ModelKeyTests
{
    private static readonly KeyRequest Request = new() { FileId = new byte[16] };

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void FromBytes_gives_the_key_and_does_not_follow_the_callers_array()
    {
        var callers = _key.ToArray();
        using var key = ModelKey.FromBytes(callers);
        CryptographicOperations.ZeroMemory(callers);

        Assert.That(Unwrap(key), Is.EqualTo(_key));
    }

    [TestCase(0)]
    [TestCase(31)]
    [TestCase(33)]
    public void FromBytes_refuses_another_length(int length) =>
        Assert.That(() => ModelKey.FromBytes(new byte[length]), Throws.ArgumentException.With.Message.Contains($"this one has {length}"));

    [Test]
    public void FromFile_reads_the_file_at_each_use()
    {
        using var key = ModelKey.FromFile(_folder["key"]);

        Assert.That(() => Unwrap(key), Throws.TypeOf<FileNotFoundException>().With.Message.Contains(_folder["key"]));
        File.WriteAllBytes(_folder["key"], _key);
        Assert.That(Unwrap(key), Is.EqualTo(_key));
    }

    [TestCase(0)]
    [TestCase(31)]
    [TestCase(33)]
    public void FromFile_refuses_another_length(int length)
    {
        File.WriteAllBytes(_folder["key"], new byte[length]);
        using var key = ModelKey.FromFile(_folder["key"]);

        Assert.That(() => Unwrap(key), Refused.With(SafeModelError.KeyUnavailable, length < 32 ? $"has {length} bytes" : "has more than the 32 bytes"));
    }

    [TestCase(31)]
    [TestCase(33)]
    public void FromStream_wants_32_bytes_to_the_end(int length) =>
        Assert.That(() => ModelKey.FromStream(new MemoryStream(new byte[length])), Refused.With(SafeModelError.KeyUnavailable));

    [Test]
    public void FromStream_gives_the_key()
    {
        using var key = ModelKey.FromStream(new MemoryStream(_key));

        Assert.That(Unwrap(key), Is.EqualTo(_key));
    }

    [Test]
    public void FromEnvironment_names_a_variable_that_is_not_set() =>
        Assert.That(() => ModelKey.FromEnvironment("SAFETENSOR_NO_SUCH"), Refused.With(SafeModelError.KeyUnavailable, "SAFETENSOR_NO_SUCH"));

    [Test]
    public void CreateFile_makes_a_file_for_its_owner_alone_and_the_same_key()
    {
        using var key = ModelKey.CreateFile(_folder["key"]);

        Assert.That(Unwrap(key), Is.EqualTo(File.ReadAllBytes(_folder["key"])));
        Assert.That(File.GetUnixFileMode(_folder["key"]), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public void CreateFile_never_overwrites()
    {
        File.WriteAllBytes(_folder["key"], _key);

        Assert.That(() => ModelKey.CreateFile(_folder["key"]), Throws.InstanceOf<IOException>());
        Assert.That(File.ReadAllBytes(_folder["key"]), Is.EqualTo(_key));
    }

    [Test]
    public void A_disposed_key_says_so()
    {
        var key = ModelKey.FromBytes(_key);
        key.Dispose();

        Assert.That(() => Unwrap(key), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void A_disposed_file_key_says_so()
    {
        File.WriteAllBytes(_folder["key"], _key);
        var key = ModelKey.FromFile(_folder["key"]);
        key.Dispose();

        Assert.That(() => Unwrap(key), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void A_path_with_a_null_character_opens_nothing()
    {
        File.WriteAllBytes(_folder["key"], _key);
        using var key = ModelKey.FromFile(_folder["key\0.pem"]);

        Assert.That(() => Unwrap(key), Refused.With(SafeModelError.KeyUnavailable, "ull character"));
    }

    [Test]
    public async Task A_key_of_ones_own_gets_memory_that_is_revoked()
    {
        using var key = new OwnKey(_key);

        using var held = new HeldKey(key);

        using var page = await KeyPage.UnwrapAsync(held, Request, CancellationToken.None);

        Assert.That(page.Span.ToArray(), Is.EqualTo(_key));
        Assert.That(() => key.Kept.Span.Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => KeyPage.Unwrap(held, Request), Throws.TypeOf<NotSupportedException>().With.Message.Contains("LoadAsync"));
    }

    [Test]
    public async Task A_key_of_ones_own_that_fails_is_unavailable_with_the_cause_inside()
    {
        using var key = new OwnKey([]);

        using var held = new HeldKey(key);
        var refusal = (await Assert.ThrowsAsync<SafeModelException>(() => KeyPage.UnwrapAsync(held, Request, CancellationToken.None)))!;
        Assert.That(refusal.Error, Is.EqualTo(SafeModelError.KeyUnavailable));
        Assert.That(refusal.InnerException, Is.TypeOf<TimeoutException>());
    }

    [Test]
    public void ToString_shows_no_key()
    {
        using var key = ModelKey.FromBytes(_key);

        Assert.That(key.ToString(), Does.Not.Contain(Convert.ToHexString(_key)).IgnoreCase);
    }

    [Test]
    public unsafe void A_pin_that_outlives_the_unwrapping_keeps_its_page_mapped_and_gives_it_back()
    {
        var page = KeyPage.Create();
        var lent = new RevocableMemory(page);
        var pin = lent.Memory.Pin();
        ((IDisposable)lent).Dispose();
        page.Dispose();

        // What a read that nobody waited for does.
        *(byte*)pin.Pointer = 1;
        Assert.That(() => lent.GetSpan().Length, Throws.TypeOf<ObjectDisposedException>());
        var address = (nint)pin.Pointer;
        Assert.That(IsMapped(address), Is.True);
        pin.Dispose();
        Assert.That(IsMapped(address), Is.False);

        static bool IsMapped(nint address) => File.ReadLines("/proc/self/maps").Any(line => line.StartsWith($"{address:x}-", StringComparison.Ordinal));
    }

    private static byte[] Unwrap(ModelKey key)
    {
        using var held = new HeldKey(key);
        using var page = KeyPage.Unwrap(held, Request);
        return page.Span.ToArray();
    }

    private sealed class OwnKey(byte[] key) : ModelKey
    {
        internal Memory<byte> Kept { get; private set; }

        protected internal override async ValueTask UnwrapAsync(KeyRequest request, Memory<byte> destination, CancellationToken cancellationToken)
        {
            await Task.Yield();
            if (key.Length == 0)
            {
                throw new TimeoutException("the key service did not answer");
            }

            Kept = destination;
            key.CopyTo(destination);
        }
    }
}
