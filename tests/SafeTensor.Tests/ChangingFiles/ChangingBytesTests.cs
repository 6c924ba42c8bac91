using System.Diagnostics;
using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

/// <summary>Somebody writes to a package while it is read: what is accepted is what was sealed.</summary>
[NonParallelizable]
public sealed class ChangingBytesTests
{
    private static readonly PackageExpectations Any = new(null, 0, TimeProvider.System);

    /// <summary>Changes bits of the files that it is given, and changes them back, until it is killed.</summary>
    private const string Writer =
        """
        #include <fcntl.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/stat.h>

        int main(int count, char** paths) {
          static volatile unsigned char* files[16];
          static long lengths[16];
          for (int i = 1; i < count; ++i) {
            struct stat status;
            const int file = open(paths[i], O_RDWR);
            if (file < 0 || fstat(file, &status) != 0) return 1;
            files[i] = mmap(0, status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
            lengths[i] = status.st_size;
          }
          puts("writing");
          fflush(stdout);
          for (;;) {
            const int file = 1 + rand() % (count - 1);
            const long at = rand() % lengths[file];
            files[file][at] ^= 1;
            for (volatile int wait = rand() % 10000; wait > 0; --wait) {}
            files[file][at] ^= 1;
            for (volatile int wait = rand() % 100000; wait > 0; --wait) {}
          }
        }
        """;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_million_decryptions_beside_a_writer_give_what_was_sealed_or_are_refused([Values] CipherSuite suite)
    {
        const int count = 4096, length = 512, decryptions = 1_000_000, readsOfEach = 4;
        var plain = PlainParams.CreateRandom(_folder["plain"], count, length);
        ModelSealer.Seal(_folder["plain"], _folder["sealed"], _key, new SealOptions { Suite = suite });
        var parameters = Path.Combine(_folder["sealed"], "mod.params");
        var offsets = Enumerable.Range(0, count).Select(i => (long)i * length).ToArray();
        using var memory = ProtectedMemory.Reserve(plain.Length);
        int accepted = 0, refused = 0;

        using (var writer = new TogglingWriter(parameters, 0, new FileInfo(parameters).Length, longest: 500))
        {
            while ((long)accepted * count < decryptions)
            {
                try
                {
                    using var package = SealedPackage.Open(_folder["sealed"], _key, Any);
                    for (var i = 0; i < readsOfEach; i++)
                    {
                        package.ReadParameters(memory, offsets, progress: null, CancellationToken.None);
                        accepted++;
                        Assert.That(memory.Span.SequenceEqual(plain), Is.True, $"load {accepted} was accepted with another plaintext");
                    }
                }
                catch (SafeModelException)
                {
                    refused++;
                }
            }

            TestContext.Out.WriteLine($"{(long)accepted * count} decryptions in {accepted} accepted loads, {refused} refused, beside {writer.Toggles} changes");
        }

        Assert.That(refused, Is.Positive);
    }

    [Test]
    public unsafe void A_writer_at_the_very_bytes_that_are_decrypted_changes_nothing([Values] CipherSuite suite)
    {
        const int length = 64 << 10, decryptions = 50_000;
        var plain = PlainParams.CreateRandom(_folder["plain"], 1, length);
        ModelSealer.Seal(_folder["plain"], _folder["sealed"], _key, new SealOptions { Suite = suite });
        var parameters = Path.Combine(_folder["sealed"], "mod.params");
        using var package = SealedPackage.Open(_folder["sealed"], _key, Any);
        using var memory = ProtectedMemory.Reserve(length);
        int accepted = 0, refused = 0;

        using (var writer = new TogglingWriter(parameters, new FileInfo(parameters).Length - length, length, longest: 20))
        {
            while (accepted + refused < decryptions)
            {
                try
                {
                    package.ReadParameter(0, memory.Address);
                    accepted++;
                }
                catch (SafeModelException e) when (e.Error == SafeModelError.Tampered)
                {
                    refused++;
                    continue;
                }

                Assert.That(memory.Span.SequenceEqual(plain), Is.True, $"decryption {accepted} was accepted with another plaintext");
            }

            TestContext.Out.WriteLine($"{accepted} accepted, {refused} refused, beside {writer.Toggles} changes");
        }

        Assert.That(accepted, Is.Positive);
        Assert.That(refused, Is.Positive);
    }

    [Test]
    public void Code_and_graph_beside_a_writer_are_what_was_sealed_or_refused([Values("mod.so", "mod.json")] string name, [Values] bool clear)
    {
        const int loads = 1500;
        var plain = File.ReadAllBytes(Path.Combine(TestData.Digits, name));
        ModelSealer.Seal(TestData.Digits, _folder["sealed"], _key, new SealOptions { ClearCode = clear, ClearGraph = clear });
        using var package = SealedPackage.Open(_folder["sealed"], _key, Any);
        int accepted = 0, refused = 0;

        using (var writer = new TogglingWriter(Path.Combine(_folder["sealed"], name), 0, plain.Length, longest: 20))
        {
            while (accepted + refused < loads)
            {
                byte[] loaded;
                try
                {
                    loaded = name == "mod.so" ? Plaintext.CodeOf(package) : Plaintext.GraphOf(package)!;
                    accepted++;
                }
                catch (SafeModelException e) when (e.Error == SafeModelError.WrongPackage)
                {
                    refused++;
                    continue;
                }

                Assert.That(loaded.AsSpan().SequenceEqual(plain), Is.True, $"load {accepted} was accepted with other bytes");
            }

            TestContext.Out.WriteLine($"{accepted} accepted, {refused} refused, beside {writer.Toggles} changes");
        }

        Assert.That(accepted, Is.Positive);
        Assert.That(refused, Is.Positive);
    }

    [Test]
    public void Models_loaded_beside_another_process_that_writes_to_all_their_files_compute_what_was_sealed()
    {
        const int loads = 300;
        ModelSealer.Seal(TestData.Digits, _folder["sealed"], _key);
        CCompiler.CompileProgram(Writer, _folder["writer"]);
        using var plain = TestRuntime.LoadDigits();
        var expected = plain.Run(DigitImages.Pixels[3])[0].ToArray<float>();
        using var writer = Process.Start(
            new ProcessStartInfo(_folder["writer"], Directory.GetFiles(_folder["sealed"])) { RedirectStandardOutput = true })!;
        int accepted = 0, refused = 0;
        try
        {
            Assert.That(writer.StandardOutput.ReadLine(), Is.EqualTo("writing"));
            while (accepted + refused < loads)
            {
                try
                {
                    using var model = SafeModel.Load(_folder["sealed"], _key, TestRuntime.Options);
                    accepted++;
                    Assert.That(model.Run(DigitImages.Pixels[3])[0].ToArray<float>(), Is.EqualTo(expected));
                }
                catch (SafeModelException)
                {
                    refused++;
                }
            }
        }
        finally
        {
            writer.Kill();
        }

        TestContext.Out.WriteLine($"{accepted} accepted, {refused} refused");
        Assert.That(accepted, Is.Positive);
        Assert.That(refused, Is.Positive);
    }
}
