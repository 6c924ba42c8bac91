namespace SafeTensor.Runtime;

/// <summary>A TVM runtime that the program names, before it is loaded: one of the other kind would put its functions into the process, and take over its signals.</summary>
internal static class RuntimeLibrary
{
    // What libtvm_runtime takes from libtvm_ffi, and no runtime before TVM 0.21 knows.
    private static readonly byte[][] RelaxMarks = [[.. "TVMFFIErrorMoveFromRaised"u8]];

    /// <summary>Whether it is one for Relax models; else it is one for graph-executor models, or none.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    internal static bool IsForRelax(string path)
    {
        using var file = PackageFile.Open(Path.GetFullPath(path));
        return ByteSearch.Find(file, RelaxMarks) is not null;
    }
}
