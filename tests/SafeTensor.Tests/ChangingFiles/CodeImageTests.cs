using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>Another process of the same user can open the file in memory that code is loaded from, through <c>/proc</c>. It must not get its own code in there, nor find the model's.</summary>
[NonParallelizable]
public sealed class CodeImageTests
{
    private const byte Answer = 42, OtherAnswer = 43;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        AnsweringModel.Create(_folder["plain"], Answer);
        AnsweringModel.Create(_folder["other"], OtherAnswer);
        ModelSealer.Seal(_folder["plain"], _folder["sealed"], _key);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void Who_writes_into_the_code_while_it_is_loaded_gets_a_refusal_or_nothing()
    {
        const int loads = 300;
        var other = File.ReadAllBytes(_folder["other/mod.so"]);
        using var end = new CancellationTokenSource();
        var writes = 0;
        var writer = Task.Factory.StartNew(
            () =>
            {
                while (!end.IsCancellationRequested)
                {
                    writes += Images().Count(image => TryWrite(image, other));
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var refused = 0;
        for (var i = 0; i < loads; i++)
        {
            try
            {
                using var model = SafeModel.Load(_folder["sealed"], _key, TestRuntime.Options);
                Assert.That(AnsweringModel.Ask(model), Is.EqualTo(Answer));
            }
            catch (SafeModelException refusal) when (refusal.Error == SafeModelError.ProtectionUnavailable)
            {
                refused++;
            }
        }

        end.Cancel();
        writer.GetAwaiter().GetResult();
        TestContext.Out.WriteLine($"{writes} writes, {refused} of {loads} loads refused");
    }

    [Test]
    public void What_was_written_before_the_seal_is_not_kept_and_what_comes_after_is_refused()
    {
        using var code = ProtectedMemory.Reserve(5000);
        code.Span.Fill(7);
        using var image = CodeImage.Create();
        using (var early = File.OpenHandle(image.Path, FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.Write(early, new byte[10_000], 0);
            image.Fill(code);
            Assert.That(() => RandomAccess.Write(early, new byte[1], 0), Throws.InstanceOf<Exception>());
        }

        Assert.That(File.ReadAllBytes(image.Path), Is.EqualTo(code.Span.ToArray()));
        Assert.That(TryWrite(image.Path, new byte[1]), Is.False);
    }

    [Test]
    public void The_code_of_a_loaded_model_is_not_to_be_read_from_its_descriptor()
    {
        using var model = SafeModel.Load(_folder["sealed"], _key, TestRuntime.Options);

        var images = Images();
        Assert.That(images, Is.Not.Empty);
        Assert.That(images.SelectMany(File.ReadAllBytes), Is.All.Zero);
        Assert.That(AnsweringModel.Ask(model), Is.EqualTo(Answer));
    }

    private static List<string> Images() =>
        [.. Directory.GetFiles("/proc/self/fd").Where(file => new FileInfo(file).LinkTarget?.Contains("safetensor-code", StringComparison.Ordinal) ?? false)];

    private static bool TryWrite(string path, byte[] bytes)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write);
            RandomAccess.Write(file, bytes, 0);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
