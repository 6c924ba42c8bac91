namespace SafeTensor.Native;

/// <summary>The process's one runtime for Relax models: Apache's libtvm_runtime (TVM 0.25 and newer), which the program names, with libtvm_ffi beside it.</summary>
internal static unsafe class FfiLibrary
{
    private const string FfiName = "libtvm_ffi.so", ExtraName = "libtvm_runtime_extra.so";
    private const int SIGSEGV = 11;

    private static string? _path;
    private static string? _tried;

    /// <summary>Of libtvm_ffi; 0 before it is loaded.</summary>
    internal static nint Handle { get; private set; }

    /// <summary>Whether it is this file that is loaded.</summary>
    internal static bool Is(string path) => _path == Path.GetFullPath(path);

    /// <summary>Whether the runtime overwrites what it frees: intermediate results, which can be weights.</summary>
    internal static bool WipesFrees { get; private set; }

    /// <summary>Loads the runtime, once.</summary>
    /// <param name="path">Of libtvm_runtime.</param>
    /// <returns>Its full path.</returns>
    /// <exception cref="InvalidOperationException">Another runtime is loaded already, or in part, or Apache's for graph-executor models.</exception>
    /// <exception cref="FileNotFoundException">There is no file at <paramref name="path"/>, or libtvm_ffi is in none of the folders where it belongs.</exception>
    /// <exception cref="DllNotFoundException">A library cannot be loaded; the message says why.</exception>
    internal static string Load(string path)
    {
        SupportedSystem.Require();
        var full = Path.GetFullPath(path);
        lock (TvmLibrary.Gate)
        {
            if (_path is null)
            {
                // The two have one name for the system's loader, and functions of the same names.
                if (TvmLibrary.ApachesPath is { } other)
                {
                    throw new InvalidOperationException(
                        $"This process runs graph-executor models on '{other}', after which Apache's runtime for Relax models cannot be loaded. "
                        + "Run them on the embedded runtime, or load a Relax model before them.");
                }

                // What was loaded of another before it failed is still there, and two of them kill the process.
                if (_tried is { } tried && tried != full)
                {
                    throw new InvalidOperationException($"'{tried}' was tried before, and what could be loaded of it is in this process. Start it anew to use '{full}'.");
                }

                Open(full);
            }
            else if (full != _path)
            {
                throw new InvalidOperationException(
                    $"This process runs Relax models on '{_path}', and '{full}' was asked for. There is one such runtime a process: use the same for every model.");
            }

            return _path!;
        }
    }

    private static void Open(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"There is no TVM runtime '{path}'.", path);
        }

        var ffi = FindFfi(path);
        KernelMemory.Load();

        // Its thread pool would pin the calling thread, which is the host's, to cores. Set before its first use; the user's own setting wins.
        _ = LibC.setenv("TVM_BIND_THREADS", "0", overwrite: 0);

        // libtvm_ffi takes over SIGSEGV, which .NET turns into NullReferenceException.
        _tried = path;
        SignalShield.Run(SIGSEGV, () =>
        {
            // Global: compiled models take its functions from the global scope, the first time when a kernel fails.
            var handle = Open(ffi, LibC.RTLD_GLOBAL);
            WipesFrees = KernelMemory.WipeFrees(Open(path, 0));
            if (Path.Combine(FolderOf(path), ExtraName) is var extra && File.Exists(extra))
            {
                Open(extra, 0);
            }

            Handle = handle;
            _path = path;
        });
    }

    private static nint Open(string path, int scope)
    {
        try
        {
            return LoadedCode.Open(path, scope);
        }
        catch (DllNotFoundException e)
        {
            throw new DllNotFoundException($"The TVM library '{path}' cannot be loaded: {e.Message}.", e);
        }
    }

    // Where a link leads, if it is one.
    private static string FolderOf(string path) => Path.GetDirectoryName(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path)!;

    // Beside it, or in the folder of its sibling package: Python installs apache-tvm into tvm/lib and apache-tvm-ffi into tvm_ffi/lib.
    private static string FindFfi(string path)
    {
        var folder = FolderOf(path);
        string[] places = [Path.Combine(folder, FfiName), Path.GetFullPath(Path.Combine(folder, "..", "..", "tvm_ffi", "lib", FfiName)), Path.GetFullPath(Path.Combine(folder, "..", "tvm_ffi", "lib", FfiName))];
        return places.FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException($"{FfiName}, which '{path}' needs, is in none of its places: {string.Join(", ", places)}. It comes with `pip install apache-tvm`.", FfiName);
    }
}
