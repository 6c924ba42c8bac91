namespace SafeTensor.Runtime;

/// <summary>A TVM runtime that the program names, before it is loaded: one of the other kind would put its functions into the process, and take over its signals.</summary>
internal static class RuntimeLibrary
{
    // What all libraries of TVM since 0.21 take from libtvm_ffi, or give.
    private static readonly byte[][] CurrentMarks = [[.. "TVMFFIErrorMoveFromRaised"u8]];

    // What only the runtime among them has.
    private static readonly byte[][] RelaxMarks = [[.. "ffi.Module.load_from_bytes.relax.VMExecutable"u8]];

    /// <summary>Whether it is of TVM 0.21 or newer, which have no graph executor.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    internal static bool IsCurrent(string path) => Has(path, CurrentMarks);

    /// <summary>Whether it is the runtime for Relax models.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    internal static bool IsForRelax(string path) => Has(path, RelaxMarks);

    private static bool Has(string path, byte[][] marks)
    {
        using var file = PackageFile.Open(Path.GetFullPath(path));
        return ByteSearch.Find(file, marks) is not null;
    }
}
