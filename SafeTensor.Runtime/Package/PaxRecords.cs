using System.Buffers.Text;

namespace SafeTensor.Runtime;

/// <summary>What a pax header (POSIX.1-2017) says of the member that follows it, as far as it matters here: <c>length key=value\n</c> over and over.</summary>
internal readonly ref struct PaxRecords
{
    private PaxRecords(ReadOnlySpan<byte> path, long? size, bool isSparse)
    {
        Path = path;
        Size = size;
        IsSparse = isSparse;
    }

    /// <summary>The member's name; empty where none is given.</summary>
    internal ReadOnlySpan<byte> Path { get; }

    /// <summary>Of the member's data, in bytes.</summary>
    internal long? Size { get; }

    /// <summary>Whether the data is a map of holes, in one of GNU's three ways.</summary>
    internal bool IsSparse { get; }

    /// <returns>False where it is not well formed, or says one thing twice.</returns>
    internal static bool TryParse(ReadOnlySpan<byte> text, out PaxRecords records)
    {
        ReadOnlySpan<byte> path = default;
        long? size = null;
        var isSparse = false;
        records = default;
        while (!text.IsEmpty)
        {
            if (!Utf8Parser.TryParse(text, out uint length, out var digits) || length > text.Length || length < digits + 4 || text[digits] != ' ' || text[(int)length - 1] != '\n')
            {
                return false;
            }

            var record = text[(digits + 1)..((int)length - 1)];
            text = text[(int)length..];
            var split = record.IndexOf((byte)'=');
            if (split <= 0)
            {
                return false;
            }

            var key = record[..split];
            var value = record[(split + 1)..];
            if (key.SequenceEqual("path"u8))
            {
                if (!path.IsEmpty || value.IsEmpty)
                {
                    return false;
                }

                path = value;
            }
            else if (key.SequenceEqual("size"u8))
            {
                if (size is not null || !Utf8Parser.TryParse(value, out ulong bytes, out var consumed) || consumed != value.Length || bytes > long.MaxValue)
                {
                    return false;
                }

                size = (long)bytes;
            }
            else
            {
                isSparse |= key.StartsWith("GNU.sparse."u8);
            }
        }

        records = new PaxRecords(path, size, isSparse);
        return true;
    }
}
