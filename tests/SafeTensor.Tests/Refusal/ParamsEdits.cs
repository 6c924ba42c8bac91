using System.Buffers.Binary;

namespace SafeTensor.Tests;

/// <summary>Changes of a <c>mod.params</c> that a program which knows the format would make: other numbers, and tensors that come, go and move in every list at once.</summary>
internal static class ParamsEdits
{
    // The limits of docs/format.md and their neighbours, valid segment sizes, and what overflows when it is added or multiplied.
    private static readonly ulong[] Numbers =
    [
        0, 1, 2, 3, 4, 15, 175, 176, 177, 1024, 1025, 65_536, 131_072, 4_194_304, 8_388_608, 262_145, 262_146, 16 << 20, 64 << 20, (64 << 20) + 1,
        int.MaxValue, 1ul << 31, uint.MaxValue, 1ul << 32, 1ul << 59, 1ul << 60, 1ul << 61, long.MaxValue, 1ul << 63, ulong.MaxValue - 7, ulong.MaxValue,
    ];

    /// <summary>None of them leaves the file as it was.</summary>
    internal static IEnumerable<(string What, byte[] Bytes)> Of(byte[] file, List<Piece> pieces)
    {
        var counts = Two(pieces, "number of names", "number of tensors");
        var lengths = Two(pieces, "dimension", "length of a tensor");
        var sizes = Two(pieces, "length of the body", "number of tags");
        var (body, tags) = (Read(file, sizes[0]), Read(file, sizes[1]));
        var edits = pieces.Where(piece => piece.Length is 1 or 2 or 4 or 8).DistinctBy(piece => piece.Kind).SelectMany(piece => OtherNumbers(file, piece))
            .Concat(Both(file, counts)).Concat(Both(file, lengths))
            .Append(("16 bytes of the body made a tag", Set(file, (sizes[0], body - 16), (sizes[1], tags + 1))))
            .Append(("a tag made 16 bytes of the body", Set(file, (sizes[0], body + 16), (sizes[1], tags - 1))))
            .Append(("a number of tags that overflows", Set(file, (sizes[1], tags + (1ul << 60)))))
            .Append(("a body that overflows", Set(file, (sizes[0], body + 32 - 16), (sizes[1], tags - 1 + (1ul << 60)))))
            .Concat(Tensors(file, pieces, counts));
        return edits.Where(edit => !edit.Item2.AsSpan().SequenceEqual(file));
    }

    private static IEnumerable<(string What, byte[] Bytes)> OtherNumbers(byte[] file, Piece piece)
    {
        var value = Read(file, piece);
        return Numbers.Concat([value + 1, value - 1, value * 2]).Select(number => ($"{piece} set to {number}", Set(file, (piece, number))));
    }

    private static IEnumerable<(string What, byte[] Bytes)> Both(byte[] file, Piece[] pieces)
    {
        var value = Read(file, pieces[0]);
        return Numbers.Concat([value + 1, value - 1, value + 16, value - 16, (ulong)(file.Length - pieces[1].End), (ulong)(file.Length - pieces[1].End + 1)])
            .Select(number => ($"{pieces[0]} and {pieces[1]} set to {number}", Set(file, (pieces[0], number), (pieces[1], number))));
    }

    private static IEnumerable<(string What, byte[] Bytes)> Tensors(byte[] file, List<Piece> pieces, Piece[] counts)
    {
        var names = pieces.Where(piece => piece.Kind == "name").ToArray();
        var tensors = pieces.Where(piece => piece.Kind == "tensor").ToArray();
        var (fewer, more) = ((ulong)names.Length - 1, (ulong)names.Length + 1);
        for (var i = 0; i < names.Length; i++)
        {
            var (name, tensor) = (names[i], tensors[i]);
            var less = Set(file, (counts[0], fewer), (counts[1], fewer));
            yield return ($"tensor {i} deleted everywhere", FileEdits.Splice(FileEdits.Splice(less, tensor.Start, tensor.End, []), name.Start, name.End, []));

            var grown = Set(file, (counts[0], more), (counts[1], more));
            byte[] twice = FileEdits.Splice(FileEdits.Splice(grown, tensor.End, tensor.End, file.AsSpan(tensor.Start..tensor.End)), name.End, name.End, file.AsSpan(name.Start..name.End));
            yield return ($"tensor {i} doubled everywhere", twice);

            twice = (byte[])twice.Clone();
            twice[name.End + name.Length - 1] ^= 1;
            yield return ($"tensor {i} doubled everywhere under another name", twice);
            for (var j = i + 1; j < names.Length; j++)
            {
                yield return ($"tensors {i} and {j} swapped everywhere", FileEdits.Swap(FileEdits.Swap(file, tensor, tensors[j]), name, names[j]));
            }
        }
    }

    private static Piece[] Two(List<Piece> pieces, string first, string second) =>
        [pieces.Find(piece => piece.Kind == first), pieces.Find(piece => piece.Kind == second)];

    private static ulong Read(byte[] file, Piece piece)
    {
        Span<byte> number = stackalloc byte[8];
        file.AsSpan(piece.Start, piece.Length).CopyTo(number);
        return BinaryPrimitives.ReadUInt64LittleEndian(number);
    }

    private static byte[] Set(byte[] file, params ReadOnlySpan<(Piece Piece, ulong Value)> numbers)
    {
        var changed = (byte[])file.Clone();
        foreach (var (piece, value) in numbers)
        {
            BitConverter.GetBytes(value).AsSpan(0, piece.Length).CopyTo(changed.AsSpan(piece.Start));
        }

        return changed;
    }
}
