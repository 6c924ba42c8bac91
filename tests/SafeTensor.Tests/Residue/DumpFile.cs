using SafeTensor.Residue;

namespace SafeTensor.Tests;

/// <summary>Searches a dump, as it is on the disk.</summary>
internal static class DumpFile
{
    private const int ChunkLength = 1 << 20;

    /// <summary>How often each needle is in it.</summary>
    internal static int[] Count(string path, IReadOnlyList<Needle> needles)
    {
        var found = new int[needles.Count];
        var chunk = new byte[ChunkLength];
        using var file = File.OpenHandle(path);

        // Chunks overlap, so that no needle is cut in two; none fits twice into the overlap.
        for (long at = 0; at < RandomAccess.GetLength(file); at += ChunkLength - Needle.Length + 1)
        {
            var bytes = chunk.AsSpan(0, RandomAccess.Read(file, chunk, at));
            for (var i = 0; i < needles.Count; i++)
            {
                needles[i].Find(bytes, _ => found[i]++);
            }
        }

        return found;
    }
}
