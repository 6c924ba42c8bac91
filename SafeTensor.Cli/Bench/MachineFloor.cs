using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Bench;

/// <summary>The three things that a sealed load cannot do without, each alone and as fast as this machine does it, on as many threads as a load has.</summary>
internal static unsafe class MachineFloor
{
    private const int PageSize = 4096, TagLength = 16, NonceLength = 12;

    /// <summary>The same zeros encrypted by <see cref="Blocks.Length"/> and decrypted in place, in memory that is resident and writable before.</summary>
    /// <returns>Of the decryption.</returns>
    internal static TimeSpan Aes(long length)
    {
        using var memory = new FreshMemory(length);
        var tags = new byte[(length / Blocks.Length) + 1][];
        Blocks.OnAllThreads(length, blocks => WithCipher(blocks, (cipher, nonce, number, offset, count) =>
        {
            var block = new Span<byte>(memory.Address + offset, count);
            cipher.Encrypt(nonce, block, block, tags[number] = new byte[TagLength]);
        }));
        return Time(() => Blocks.OnAllThreads(length, blocks => WithCipher(blocks, (cipher, nonce, number, offset, count) =>
        {
            var block = new Span<byte>(memory.Address + offset, count);
            cipher.Decrypt(nonce, block, tags[number], block);
        })));
    }

    /// <summary>Reads all of a file into memory that is resident before.</summary>
    internal static TimeSpan Pread(string path)
    {
        using var file = PackageFile.Open(path);
        using var memory = new FreshMemory(file.Length);
        Touch(memory);
        return Time(() => Read(file, memory));
    }

    /// <summary>Touches every page of fresh memory.</summary>
    internal static TimeSpan FirstTouch(long length)
    {
        using var memory = new FreshMemory(length);
        return Time(() => Touch(memory));
    }

    internal static void Read(PackageFile file, FreshMemory memory) => Blocks.OnAllThreads(file.Length, blocks =>
    {
        while (blocks.TryNext(out var offset, out var count))
        {
            file.Read(offset, new Span<byte>(memory.Address + offset, count));
        }
    });

    private static void Touch(FreshMemory memory) => Blocks.OnAllThreads(memory.Length, blocks =>
    {
        while (blocks.TryNext(out var offset, out var count))
        {
            for (var at = 0; at < count; at += PageSize)
            {
                memory.Address[offset + at] = 1;
            }
        }
    });

    private static TimeSpan Time(Action action)
    {
        var started = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(started);
    }

    private static void WithCipher(Blocks blocks, ProcessBlock process)
    {
        // A key that protects nothing.
        Span<byte> key = stackalloc byte[SafeModel.KeyLength];
        Span<byte> nonce = stackalloc byte[NonceLength];
        key.Clear();
        nonce.Clear();
        using var cipher = new AesGcm(key, TagLength);
        while (blocks.TryNext(out var offset, out var count))
        {
            var number = offset / Blocks.Length;
            BinaryPrimitives.WriteInt64BigEndian(nonce[4..], number);
            process(cipher, nonce, number, offset, count);
        }
    }

    private delegate void ProcessBlock(AesGcm cipher, ReadOnlySpan<byte> nonce, long number, long offset, int count);
}
