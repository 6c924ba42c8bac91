namespace SafeTensor.Runtime;

/// <summary>The memory that a model's files are read to: code, graph and weights. Whoever takes a piece over disposes of it; the rest goes with this.</summary>
internal sealed unsafe class LoadedFiles : IDisposable
{
    /// <summary>Of each tensor, in bytes: what TVM's kernels and <c>set_input_zero_copy</c> need.</summary>
    internal const int Alignment = 128;

    private static readonly byte[][] RelaxMarks = [[.. "__tvm_ffi__library_bin"u8]];

    private ProtectedMemory? _code;

    private LoadedFiles(CodeImage code) => Code = code;

    /// <summary>The code, once everything is read: where nobody can write any more. Until then it is checked in memory of our own.</summary>
    internal CodeImage Code { get; }

    /// <summary>The graph as UTF-8 JSON of exactly this length; <see langword="null"/> where there is none.</summary>
    internal ProtectedMemory? Graph { get; private set; }

    /// <summary>All parameters in one mapping; <see langword="null"/> where there are none, or the runtime is to have them.</summary>
    internal ProtectedMemory? Weights { get; private set; }

    /// <summary>Of each parameter in <see cref="Weights"/>, in file order.</summary>
    internal long[] Offsets { get; private set; } = [];

    /// <summary>Of the first byte of the graph where there is one, of the code, and of each parameter where they are to be read.</summary>
    internal nint[] Destinations => [.. Graph is null ? (ReadOnlySpan<nint>)[] : [(nint)Graph.Address], (nint)_code!.Address, .. Offsets.Select(offset => (nint)Weights!.Address + (nint)offset)];

    /// <param name="code">Bytes, one at least.</param>
    /// <param name="graph">Bytes; <see langword="null"/> where there is none.</param>
    /// <param name="parameters">In file order.</param>
    /// <param name="weights">What they are to be in; <see langword="null"/> not to read them.</param>
    /// <exception cref="InsufficientMemoryException">The machine has no room for all of it.</exception>
    internal static LoadedFiles Reserve(long code, long? graph, IReadOnlyList<ParameterInfo> parameters, MemoryKind? weights)
    {
        var offsets = Layout(parameters, out var length);
        FreeMemory.Require(length);
        var files = new LoadedFiles(CodeImage.Create());
        try
        {
            files._code = ProtectedMemory.Reserve(code);
            files.Graph = graph is { } bytes ? ProtectedMemory.Reserve(bytes) : null;
            if (weights is { } kind && parameters.Count > 0)
            {
                // Empty tensors are read too: their tags and roots are checked as all others are.
                files.Weights = ProtectedMemory.Reserve(Math.Max(length, 1), kind);
                files.Offsets = offsets;
            }

            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Once everything was read and checked: ends all writing.</summary>
    internal void Seal()
    {
        Code.Fill(_code!);
        _code!.Dispose();
        Weights?.MakeReadOnly();
    }

    /// <summary>Once sealed: whether the code is a Relax model's, by the names of its own symbols, and not a graph executor's.</summary>
    /// <param name="file">The code's name, for messages.</param>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.ModelInvalid"/>: it is no shared library, or not all of one.</exception>
    internal bool HasRelaxCode(string file)
    {
        using var image = PackageFile.Open(Code.Path);
        var code = image.Slice(file, 0, image.Length);

        // What is cut off would kill the process when it is mapped.
        LibraryLayout.Read(code);
        return ByteSearch.Find(code, RelaxMarks) is not null;
    }

    public void Dispose()
    {
        _code?.Dispose();
        Code.Dispose();
        Graph?.Dispose();
        Weights?.Dispose();
    }

    private static long[] Layout(IReadOnlyList<ParameterInfo> parameters, out long length)
    {
        var offsets = new long[parameters.Count];
        length = 0;
        for (var i = 0; i < offsets.Length; i++)
        {
            offsets[i] = length;
            length = checked((length + parameters[i].ByteLength + Alignment - 1) / Alignment * Alignment);
        }

        return offsets;
    }
}
