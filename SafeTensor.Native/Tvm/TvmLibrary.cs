using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>The process's one graph-executor runtime: the embedded one, or a <c>libtvm_runtime</c> that the program names.</summary>
internal static unsafe class TvmLibrary
{
    /// <summary>The function that makes executors; TVM 0.20 and newer have none.</summary>
    internal const string CreateExecutor = "tvm.graph_executor.create";

    private const string FileName = "libsafetensor_tvm.so";

    private static string? _path;
    private static bool _isGlobal;

    /// <summary>Held while a runtime of either kind is loaded.</summary>
    internal static Lock Gate { get; } = new();

    /// <summary>Of the library that was loaded; 0 before.</summary>
    internal static nint Handle { get; private set; }

    internal static bool IsEmbedded { get; private set; }

    /// <summary>The path of Apache's library, where that was loaded.</summary>
    internal static string? ApachesPath => IsEmbedded ? null : _path;

    /// <summary>Whether it is this file that is loaded.</summary>
    internal static bool Is(string path) => _path == Path.GetFullPath(path);

    /// <summary>Loads the runtime, once. Never looks at an environment variable: such a library would see the decrypted weights.</summary>
    /// <param name="path">Of Apache's library; <see langword="null"/> for the embedded one.</param>
    /// <returns>The full path of what is loaded.</returns>
    /// <exception cref="InvalidOperationException">Another runtime is loaded already.</exception>
    /// <exception cref="FileNotFoundException">There is no file at <paramref name="path"/>.</exception>
    /// <exception cref="DllNotFoundException">The library is missing or cannot be loaded; the message says where and why.</exception>
    /// <exception cref="EntryPointNotFoundException">It is no runtime for graph-executor models.</exception>
    internal static string Load(string? path)
    {
        SupportedSystem.Require();
        var full = path is null ? null : Path.GetFullPath(path);
        lock (Gate)
        {
            if (_path is null)
            {
                Open(full ?? FindEmbedded(), isEmbedded: full is null);
            }
            else if (full is null ? !IsEmbedded : full != _path)
            {
                throw new InvalidOperationException(
                    $"This process runs graph-executor models on '{_path}', and '{full ?? "the embedded runtime"}' was asked for. "
                    + "There is one such runtime a process: use the same for every model.");
            }

            return _path!;
        }
    }

    /// <summary>Gives its functions to code that takes them from the global scope, as modules compiled from C source do. Other libraries of TVM take them from there too, so not before it is needed.</summary>
    internal static void MakeGlobal()
    {
        lock (Gate)
        {
            if (!_isGlobal)
            {
                LoadedCode.Open(_path!, LibC.RTLD_GLOBAL);
                _isGlobal = true;
            }
        }
    }

    private static void Open(string path, bool isEmbedded)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"There is no TVM runtime '{path}'.", path);
        }

        if (!isEmbedded)
        {
            // Apache's thread pool would pin the calling thread, which is the host's, to cores. Set before its first use; the user's own setting wins.
            _ = LibC.setenv("TVM_BIND_THREADS", "0", overwrite: 0);
        }

        nint handle;
        try
        {
            handle = LoadedCode.Open(path, scope: 0);
        }
        catch (DllNotFoundException e)
        {
            throw new DllNotFoundException($"The TVM runtime '{path}' cannot be loaded: {e.Message}.", e);
        }

        if (!HasGraphExecutor(handle))
        {
            _ = LibC.dlclose((void*)handle);
            throw new EntryPointNotFoundException(
                $"'{path}' is no runtime for graph-executor models (it lacks {CreateExecutor}). Name a libtvm_runtime.so of TVM 0.14 to 0.19 that was built with it, or none.");
        }

        Handle = handle;
        IsEmbedded = isEmbedded;
        _path = path;
    }

    // Asked through the library's own address, since the bindings take the first library they meet for good.
    private static bool HasGraphExecutor(nint library)
    {
        if (!NativeLibrary.TryGetExport(library, nameof(TvmApi.TVMFuncGetGlobal), out var export)
            || !NativeLibrary.TryGetExport(library, nameof(TvmApi.TVMFuncFree), out var free))
        {
            return false;
        }

        void* function = null;
        fixed (byte* name = "tvm.graph_executor.create\0"u8)
        {
            _ = ((delegate* unmanaged[Cdecl]<byte*, void**, int>)export)(name, &function);
        }

        if (function != null)
        {
            _ = ((delegate* unmanaged[Cdecl]<void*, int>)free)(function);
        }

        return function != null;
    }

    /// <exception cref="DllNotFoundException">It is in none of its places.</exception>
    internal static string FindEmbedded()
    {
        var folders = new List<string> { AppContext.BaseDirectory, Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native") };
        if (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") is string directories)
        {
            folders.AddRange(directories.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries));
        }

        return folders.Select(folder => Path.Combine(folder, FileName)).FirstOrDefault(File.Exists)
            ?? throw new DllNotFoundException(
                $"{FileName}, SafeTensor's native part, was not found in {string.Join(", ", folders.Distinct())}. "
                + "Reference the package SafeTensor.Runtime, or put the file beside the program.");
    }
}
