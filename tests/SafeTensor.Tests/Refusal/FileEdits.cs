namespace SafeTensor.Tests;

/// <summary>Changes of a file's structure: each piece deleted, doubled, overwritten and swapped with its like, bytes inserted and cut off at each boundary.</summary>
internal static class FileEdits
{
    private const int Reach = 3, LargestCutEverywhere = 8 << 10;

    private static readonly byte[][] Insertions = [[0], new byte[8], [.. Enumerable.Repeat((byte)0xa5, 16)]];

    /// <summary>None of them leaves the file as it was.</summary>
    internal static IEnumerable<(string What, byte[] Bytes)> Of(byte[] file, List<Piece> pieces)
    {
        var edits = pieces.Where(piece => piece.Length > 0).SelectMany(piece => OfPiece(file, piece))
            .Concat(Swaps(file, pieces))
            .Concat(pieces.SelectMany<Piece, int>(piece => [piece.Start, piece.End]).Distinct().SelectMany(at => Insertions.Select(
                bytes => ($"{bytes.Length} bytes inserted at {at}", Splice(file, at, at, bytes)))))
            .Concat(Cuts(file, pieces).Select(length => ($"cut to {length} bytes", file[..length])));
        return edits.Where(edit => !edit.Item2.AsSpan().SequenceEqual(file));
    }

    /// <summary>A copy with other bytes in place of <paramref name="start"/> to <paramref name="end"/>.</summary>
    internal static byte[] Splice(ReadOnlySpan<byte> file, int start, int end, ReadOnlySpan<byte> bytes) => [.. file[..start], .. bytes, .. file[end..]];

    /// <summary>A copy with two pieces, the first before the second, in each other's place.</summary>
    internal static byte[] Swap(ReadOnlySpan<byte> file, Piece first, Piece second) =>
        [.. file[..first.Start], .. file[second.Start..second.End], .. file[first.End..second.Start], .. file[first.Start..first.End], .. file[second.End..]];

    private static IEnumerable<(string What, byte[] Bytes)> OfPiece(byte[] file, Piece piece)
    {
        var (start, end) = (piece.Start, piece.End);
        yield return ($"{piece} deleted", Splice(file, start, end, []));
        yield return ($"{piece} doubled", Splice(file, end, end, file.AsSpan(start..end)));
        yield return ($"{piece} zeroed", Splice(file, start, end, new byte[piece.Length]));
        yield return ($"{piece} inverted", Splice(file, start, end, [.. file[start..end].Select(value => (byte)~value)]));
    }

    // Each with the next few of its kind: with its neighbours, and with those beyond them.
    private static IEnumerable<(string What, byte[] Bytes)> Swaps(byte[] file, List<Piece> pieces) =>
        from kind in pieces.GroupBy(piece => piece.Kind, (_, alike) => alike.ToArray())
        from first in Enumerable.Range(0, kind.Length)
        from second in Enumerable.Range(first + 1, Math.Min(Reach, kind.Length - first - 1))
        select ($"{kind[first]} swapped with {kind[second]}", Swap(file, kind[first], kind[second]));

    private static IEnumerable<int> Cuts(byte[] file, List<Piece> pieces) => pieces.Count > 1 && file.Length <= LargestCutEverywhere
        ? Enumerable.Range(0, file.Length)
        : pieces.SelectMany<Piece, int>(piece => [piece.Start - 1, piece.Start, piece.Start + 1, piece.End - 1]).Distinct().Where(at => at >= 0 && at < file.Length);
}
