using System.Buffers.Binary;
using System.Text;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Inputs;

/// <summary><c>.npy</c>: one array of NumPy's, with its element type and shape.</summary>
internal static class NpyFile
{
    private const int MaxHeaderLength = 64 << 10;

    /// <summary>NumPy aligns the elements to this.</summary>
    private const int Alignment = 64;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <param name="path">The file.</param>
    /// <param name="expected">The model's element type, for the types that NumPy lacks.</param>
    /// <exception cref="UsageException">It is no such file, or malformed.</exception>
    internal static TensorValue Read(string path, ElementType expected)
    {
        using var file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        Span<byte> start = stackalloc byte[12];
        var length = RandomAccess.GetLength(file);
        if (ReadAt(file, 0, start) < start.Length || !start.StartsWith(Magic) || start[6] is < 1 or > 3)
        {
            throw new UsageException($"'{path}' is no .npy file of version 1 to 3.");
        }

        // Version 1 has a length of two bytes, the later ones of four.
        var (headerAt, headerLength) = start[6] == 1
            ? (10, BinaryPrimitives.ReadUInt16LittleEndian(start[8..]))
            : (12L, (long)BinaryPrimitives.ReadUInt32LittleEndian(start[8..]));
        if (headerLength > MaxHeaderLength || headerAt + headerLength > length)
        {
            throw new UsageException($"'{path}' says that its header has {headerLength} bytes; the file has {length}, and a header at most {MaxHeaderLength}.");
        }

        var text = new byte[headerLength];
        ReadAt(file, headerAt, text);
        var header = NpyHeader.Parse(Encoding.Latin1.GetString(text), path, expected);
        var dataAt = headerAt + headerLength;
        if (header.ByteLength != length - dataAt)
        {
            throw new UsageException($"'{path}' has {length - dataAt} bytes of elements; its shape ({string.Join(", ", header.Shape)}) needs {header.ByteLength}.");
        }

        var data = new byte[header.ByteLength];
        ReadAt(file, dataAt, data);
        return TensorValue.Create(header.ElementType, data, header.Shape);
    }

    /// <summary>Writes beside <paramref name="path"/> and renames, so that no half-written file is ever there.</summary>
    internal static void Write(string path, TensorValue value)
    {
        var header = new NpyHeader(value.ElementType, [.. value.Shape]).Format();
        var padding = Alignment - ((Magic.Length + 4 + header.Length + 1) % Alignment);
        var text = Encoding.Latin1.GetBytes($"{header}{new string(' ', padding % Alignment)}\n");
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            using (var file = File.Create(temporary))
            {
                Span<byte> start = [.. Magic, 1, 0, 0, 0];
                BinaryPrimitives.WriteUInt16LittleEndian(start[8..], checked((ushort)text.Length));
                file.Write(start);
                file.Write(text);
                file.Write(value.Bytes);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static int ReadAt(Microsoft.Win32.SafeHandles.SafeFileHandle file, long offset, Span<byte> destination)
    {
        var done = 0;
        while (done < destination.Length && RandomAccess.Read(file, destination[done..], offset + done) is > 0 and var count)
        {
            done += count;
        }

        return done;
    }
}
