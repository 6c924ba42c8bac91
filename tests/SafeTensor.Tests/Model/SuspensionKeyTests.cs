using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>The key of a model that can be suspended: asked again, counted, and ended once.</summary>
[TestFixtureSource(typeof(TestModel), nameof(TestModel.Digits))]
public sealed class SuspensionKeyTests(TestModel digits)
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        ModelSealer.Seal(digits.Folder, _folder["sealed"], _key);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public async Task A_key_that_unlocks_only_asynchronously_resumes_with_await()
    {
        var key = new OwnKey(_key);
        using var model = await SafeModel.LoadAsync(_folder["sealed"], key, digits.Options);
        model.Suspend();

        Assert.That(() => model.Run(DigitImages.Pixels[0]), Throws.InvalidOperationException.With.Message.Contains("await ResumeAsync"));
        Assert.That(model.IsSuspended, Is.True);
        Assert.That(async () => await model.RunAsync(DigitImages.Pixels[0]), Throws.Nothing);
        model.Suspend();
        await model.ResumeAsync();
        Assert.That(() => model.Run(DigitImages.Pixels[0]), Throws.Nothing);
        Assert.That(key.Unwraps, Is.EqualTo(3));
    }

    [Test]
    public async Task Another_key_the_second_time_is_a_wrong_key_and_an_absent_one_unavailable()
    {
        var key = new OwnKey(_key);
        using var model = await SafeModel.LoadAsync(_folder["sealed"], key, digits.Options);
        model.Suspend();

        key.Bytes = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
        Assert.That(async () => await model.ResumeAsync(), Refused.With(SafeModelError.WrongKey));
        key.Bytes = [];
        Assert.That(async () => await model.ResumeAsync(), Refused.With(SafeModelError.KeyUnavailable));
        Assert.That(model.IsSuspended, Is.True);
        key.Bytes = _key;
        Assert.That(async () => await model.ResumeAsync(), Throws.Nothing);
    }

    [Test]
    public async Task A_key_ends_once_when_owner_and_model_are_done_with_it_in_either_order([Values] bool ownerFirst)
    {
        var key = new OwnKey(_key);
        var model = await SafeModel.LoadAsync(_folder["sealed"], key, digits.Options);
        IDisposable[] users = ownerFirst ? [key, model] : [model, key];

        users[0].Dispose();
        Assert.That(key.Ends, Is.Zero);
        users[1].Dispose();
        Assert.That(key.Ends, Is.EqualTo(1));
        users[0].Dispose();
        key.Dispose();
        Assert.That(key.Ends, Is.EqualTo(1));
        Assert.That(async () => await SafeModel.LoadAsync(_folder["sealed"], key, digits.Options), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public async Task A_disposed_key_loads_nothing_more_although_a_model_still_has_it()
    {
        var key = ModelKey.FromBytes(_key);
        using var model = SafeModel.Load(_folder["sealed"], key, digits.Options);
        key.Dispose();

        Assert.That(() => SafeModel.Load(_folder["sealed"], key, digits.Options), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(async () => await ModelSealer.VerifyAsync(_folder["sealed"], key), Throws.TypeOf<ObjectDisposedException>());
        model.Suspend();
        await model.ResumeAsync();
    }

    [Test]
    public void A_load_that_fails_holds_no_key()
    {
        var key = new OwnKey(RandomNumberGenerator.GetBytes(SafeModel.KeyLength));
        Assert.That(async () => await SafeModel.LoadAsync(_folder["sealed"], key, digits.Options), Refused.With(SafeModelError.WrongKey));

        key.Dispose();

        Assert.That(key.Ends, Is.EqualTo(1));
    }

    private sealed class OwnKey(byte[] key) : ModelKey
    {
        internal byte[] Bytes { get; set; } = key;

        internal int Unwraps { get; private set; }

        internal int Ends { get; private set; }

        protected internal override async ValueTask UnwrapAsync(KeyRequest request, Memory<byte> destination, CancellationToken cancellationToken)
        {
            await Task.Yield();
            Unwraps++;
            if (Bytes.Length == 0)
            {
                throw new TimeoutException("the key service did not answer");
            }

            Bytes.CopyTo(destination);
        }

        protected override void Dispose(bool disposing)
        {
            Ends++;
            base.Dispose(disposing);
        }
    }
}
