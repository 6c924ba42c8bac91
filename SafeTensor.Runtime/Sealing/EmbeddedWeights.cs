using System.Text;

namespace SafeTensor.Runtime.Sealing;

/// <summary>Finds the marks that TVM leaves in a library which carries parameters: a factory, a constant loader, linked parameters.</summary>
/// <remarks>Constants that the compiler folded into kernels leave no mark: that is why code is sealed by default.</remarks>
internal static class EmbeddedWeights
{
    private const int ChunkLength = 64 << 10;

    private static readonly byte[][] Marks =
        [[.. "GraphExecutorFactory"u8], [.. "GraphRuntimeFactory"u8], [.. "AotExecutorFactory"u8], [.. "const_loader"u8], [.. "__tvm_param__"u8]];

    /// <returns>The mark, or <see langword="null"/>.</returns>
    internal static string? Find(PackageFile file)
    {
        var overlap = Marks.Max(mark => mark.Length) - 1;
        using var buffer = ProtectedMemory.Reserve(ChunkLength + overlap);
        for (long at = 0; at < file.Length; at += ChunkLength)
        {
            var bytes = buffer.Span[..(int)Math.Min(ChunkLength + overlap, file.Length - at)];
            file.Read(at, bytes);
            foreach (var mark in Marks)
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
