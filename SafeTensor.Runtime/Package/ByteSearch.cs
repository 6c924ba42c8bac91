using System.Text;

namespace SafeTensor.Runtime;

/// <summary>Looks for marks in a file that can hold a model's weights: what is read meanwhile is in protected memory.</summary>
internal static class ByteSearch
{
    private const int ChunkLength = 64 << 10;

    /// <param name="file">All of it is searched.</param>
    /// <param name="marks">ASCII; one at least.</param>
    /// <returns>One that is there, or <see langword="null"/>.</returns>
    internal static string? Find(PackageFile file, byte[][] marks)
    {
        var overlap = marks.Max(mark => mark.Length) - 1;
        using var buffer = ProtectedMemory.Reserve(ChunkLength + overlap);
        for (long at = 0; at < file.Length; at += ChunkLength)
        {
            var bytes = buffer.Span[..(int)Math.Min(ChunkLength + overlap, file.Length - at)];
            file.Read(at, bytes);
            foreach (var mark in marks)
            {
                if (bytes.IndexOf(mark) >= 0)
                {
                    return Encoding.ASCII.GetString(mark);
                }
            }
        }

        return null;
    }
}
