using NUnit.Framework;
using NUnit.Framework.Interfaces;
using SafeTensor.Residue;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Keys are in the pages made for them and in the ciphers that decrypt, for as long as they are needed: a process of its own loads a model and searches itself.</summary>
/// <param name="suite">The model's.</param>
/// <param name="isSecret">Whether the process gets secret memory for its keys.</param>
[Parallelizable]
[TestFixture(CipherSuite.Aes256Gcm, true)]
[TestFixture(CipherSuite.Aes256Gcm, false)]
[TestFixture(CipherSuite.ChaCha20Poly1305, true)]
public sealed class KeyResidueTests(CipherSuite suite, bool isSecret)
{
    // Two threads decrypt that.
    private const int Size = 1 << 20;

    private ResidueModel _model = null!;
    private ResidueProcess? _running;

    private ResidueProcess Process => _running ??= isSecret ? new ResidueProcess(_model)
        : new ResidueProcess(_model, new RestrictedProcess(_model.Folder, RestrictedProcess.Refuse("memfd_secret", "ENOSYS")).Start);

    [OneTimeSetUp]
    public void Seal()
    {
        if (isSecret && ProcessHardening.Inspect() is { HasSecretMemory: false })
        {
            Assert.Ignore("This system has no secret memory.");
        }

        _model = ResidueModel.OfSize(Size, suite);
    }

    [OneTimeTearDown]
    public void Delete()
    {
        _running?.Dispose();
        _model?.Dispose();
    }

    // What one test leaves, the next one finds; a failed test's process may still have its model.
    [TearDown]
    public void EndAfterFailure()
    {
        if (TestContext.CurrentContext.Result.Outcome.Status == TestStatus.Failed)
        {
            _running?.Dispose();
            _running = null;
        }
    }

    [Test]
    public void A_key_in_a_file_is_gone_before_anything_is_decrypted() => AssertKeys(KeySource.File, pages: 1, new Copies(), new Copies());

    [Test]
    public void A_key_that_the_library_holds_is_in_its_page() => AssertKeys(KeySource.Held, pages: 2, new Copies(1), new Copies(1));

    [Test]
    public void A_key_that_is_lent_is_copied_for_a_load_that_nobody_waits_for() => AssertKeys(KeySource.SpanAsync, pages: 2, new Copies(1, Own: 1), new Copies());

    [Test]
    public void A_key_that_is_lent_leaves_no_copy()
    {
        Process.Ask(Process.Load with { KeySource = KeySource.Span });

        AssertKeyIs(new Copies());
        Process.Ask(Step.Dispose);
        AssertKeyIs(new Copies());
    }

    [Test]
    public void A_key_that_the_library_holds_is_in_its_page_while_the_model_is_suspended_and_resumed()
    {
        Process.Ask(Process.Load with { KeySource = KeySource.Held });

        Process.Ask(Step.Suspend);
        AssertKeyIs(new Copies(1));
        AssertDecrypting(Process.Ask(Process.Resume with { Searches = true }), pages: 2, new Copies(1));
        AssertKeyIs(new Copies(1));
        Process.Ask(Step.Dispose);
        AssertKeyIs(new Copies());
    }

    [Test]
    public void A_load_that_fails_leaves_no_key()
    {
        _model.FlipLastByte();
        try
        {
            foreach (var source in Enum.GetValues<KeySource>())
            {
                var load = Process.Load with { KeySource = source };
                Assert.That(Process.Ask(load).Error, Is.EqualTo(nameof(SafeModelError.Tampered)));
                Assert.That(Process.Ask(load with { KeyFile = _model.WrongKeyFile }).Error, Is.EqualTo(nameof(SafeModelError.WrongKey)));
                AssertKeyIs(new Copies());
            }
        }
        finally
        {
            _model.FlipLastByte();
        }
    }

    /// <param name="source">Of the key.</param>
    /// <param name="pages">Of keys, while the model loads.</param>
    /// <param name="loading">The model key's copies then.</param>
    /// <param name="loaded">Its copies afterwards.</param>
    private void AssertKeys(KeySource source, int pages, Copies loading, Copies loaded)
    {
        AssertDecrypting(Process.Ask(Process.Load with { KeySource = source, Searches = true }), pages, loading);
        AssertKeyIs(loaded);
        Process.Ask(Step.Dispose);
        AssertKeyIs(new Copies());
    }

    private void AssertDecrypting(Answer answer, int pages, Copies modelKey)
    {
        Assert.That(answer.Scans, Has.Count.EqualTo(2));
        foreach (var (scan, ciphers) in answer.Scans.Zip([ResidueProcess.Workers, 1]))
        {
            Assert.That(
                Findings.OfKeys(scan), Is.EqualTo(new Findings { ModelKey = modelKey, HeaderKey = new(1), DataKey = new(1, Elsewhere: ciphers) }), $"{ciphers} ciphers");
            Assert.That(scan.SecretBytes, Is.EqualTo(isSecret ? pages * Environment.SystemPageSize : 0));
        }
    }

    private void AssertKeyIs(Copies key) => Assert.That(Findings.OfKeys(Process.Ask(Step.Search).Scans[0]), Is.EqualTo(new Findings { ModelKey = key }));
}
