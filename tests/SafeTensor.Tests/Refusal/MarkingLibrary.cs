using System.Buffers.Binary;
using System.Text;

namespace SafeTensor.Tests;

/// <summary>The smallest shared library that leaves a mark when it is loaded: its constructor appends a byte to a file. It needs no other library.</summary>
/// <remarks>Source: the System V ABI (generic, and AMD64 for the code), and <c>syscall(2)</c>.</remarks>
internal static class MarkingLibrary
{
    private const int HeaderLength = 64, SegmentLength = 56, DynamicAt = HeaderLength + (3 * SegmentLength), DynamicLength = 7 * 16;
    private const int HashAt = DynamicAt + DynamicLength, HashLength = 16, SymbolsAt = HashAt + HashLength, SymbolLength = 24, CodeAt = SymbolsAt + SymbolLength;

    // open(path, O_WRONLY | O_CREAT | O_APPEND, 0600), write(descriptor, path, 1), close(descriptor). The path stands behind the code.
    private static readonly byte[] Code =
    [
        0x48, 0x8d, 0x3d, 0x33, 0, 0, 0, // lea rdi, [rip + path]
        0xbe, 0x41, 0x04, 0, 0, // mov esi, 0x441
        0xba, 0x80, 0x01, 0, 0, // mov edx, 0x180
        0xb8, 0x02, 0, 0, 0, // mov eax, 2
        0x0f, 0x05, // syscall
        0x89, 0xc7, // mov edi, eax
        0x48, 0x8d, 0x35, 0x19, 0, 0, 0, // lea rsi, [rip + path]
        0xba, 0x01, 0, 0, 0, // mov edx, 1
        0xb8, 0x01, 0, 0, 0, // mov eax, 1
        0x0f, 0x05, // syscall
        0xb8, 0x03, 0, 0, 0, // mov eax, 3
        0x0f, 0x05, // syscall
        0xc3, // ret
        0x90, 0x90, 0x90, 0x90, 0x90, // path
    ];

    /// <param name="mark">The file that shows that code ran.</param>
    /// <param name="constants">Bytes of the code that no loader looks at, as weights inside a library.</param>
    internal static byte[] Build(string mark, ReadOnlySpan<byte> constants)
    {
        var path = Encoding.UTF8.GetBytes(mark + '\0');
        var bytes = GC.AllocateArray<byte>(CodeAt + Code.Length + path.Length + constants.Length, pinned: true);
        WriteHeaders(bytes);
        WriteDynamic(bytes.AsSpan(DynamicAt), emptyText: CodeAt + Code.Length + path.Length - 1);

        // One bucket and one symbol, the null symbol: nothing is found in it.
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(HashAt), 1);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(HashAt + 4), 1);
        Code.CopyTo(bytes, CodeAt);
        path.CopyTo(bytes, CodeAt + Code.Length);
        constants.CopyTo(bytes.AsSpan(CodeAt + Code.Length + path.Length));
        return bytes;
    }

    private static void WriteHeaders(Span<byte> bytes)
    {
        const ushort sharedObject = 3, amd64 = 62;
        const uint load = 1, dynamic = 2, stack = 0x6474e551, read = 4, write = 2, execute = 1;
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[16..], sharedObject);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[18..], amd64);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[20..], 1);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], HeaderLength);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[52..], HeaderLength);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[54..], SegmentLength);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[56..], 3);

        // Older loaders write into the dynamic segment.
        WriteSegment(bytes[HeaderLength..], load, read | write | execute, 0, bytes.Length, 0x1000);
        WriteSegment(bytes[(HeaderLength + SegmentLength)..], dynamic, read | write, DynamicAt, DynamicLength, 8);
        WriteSegment(bytes[(HeaderLength + (2 * SegmentLength))..], stack, read | write, 0, 0, 16);
    }

    private static void WriteSegment(Span<byte> entry, uint type, uint flags, long offset, long length, long alignment)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(entry, type);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], flags);
        BinaryPrimitives.WriteInt64LittleEndian(entry[8..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(entry[16..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(entry[24..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(entry[32..], length);
        BinaryPrimitives.WriteInt64LittleEndian(entry[40..], length);
        BinaryPrimitives.WriteInt64LittleEndian(entry[48..], alignment);
    }

    private static void WriteDynamic(Span<byte> table, long emptyText)
    {
        const long hash = 4, texts = 5, symbols = 6, textsLength = 10, symbolLength = 11, constructor = 12, end = 0;
        foreach (var (tag, value) in new[] { (hash, HashAt), (texts, emptyText), (symbols, SymbolsAt), (textsLength, 1), (symbolLength, SymbolLength), (constructor, CodeAt), (end, 0L) })
        {
            BinaryPrimitives.WriteInt64LittleEndian(table, tag);
            BinaryPrimitives.WriteInt64LittleEndian(table[8..], value);
            table = table[16..];
        }
    }
}
