namespace SafeTensor.Runtime.Sealing;

/// <summary>Finds the marks that TVM leaves in a library which carries parameters: a factory, a constant loader, linked parameters.</summary>
/// <remarks>Constants that the compiler folded into kernels or into Relax bytecode leave no mark: that is why code is sealed by default.</remarks>
internal static class EmbeddedWeights
{
    private static readonly byte[][] Marks =
        [[.. "GraphExecutorFactory"u8], [.. "GraphRuntimeFactory"u8], [.. "AotExecutorFactory"u8], [.. "const_loader"u8], [.. "__tvm_param__"u8]];

    /// <returns>The mark, or <see langword="null"/>.</returns>
    internal static string? Find(PackageFile file) => ByteSearch.Find(file, Marks);
}
