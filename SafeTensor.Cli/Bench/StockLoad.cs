using System.Runtime.InteropServices;
using SafeTensor.Native;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Bench;

/// <summary>
/// Loads a plain model as TVM's own hosts do, through its C API alone: the library by its path, an executor from the graph's text, and the whole
/// parameters file in memory, handed over by one call of <c>load_params</c>.
/// </summary>
internal static unsafe class StockLoad
{
    /// <param name="folder">With code, graph and parameters.</param>
    /// <returns>The executor, which the caller disposes.</returns>
    internal static TvmModuleHandle Load(string folder)
    {
        using var files = SourceFiles.Open(folder);
        using var library = LoadLibrary(Path.Combine(folder, files.Code!.Name));
        var executor = CreateExecutor(library, files.Graph!);
        var blob = ReadAll(files.Parameters!);
        try
        {
            using var load = TvmCall.Member(executor, "load_params");
            var bytes = new TVMByteArray { data = blob, size = (nuint)files.Parameters!.Length };
            TvmCall.Invoke(load, [new TVMValue { v_handle = &bytes }], [TVMValue.TypeCode.Bytes]);
            return executor;
        }
        catch
        {
            executor.Dispose();
            throw;
        }
        finally
        {
            NativeMemory.Free(blob);
        }
    }

    private static TvmModuleHandle LoadLibrary(string path)
    {
        TvmCall.Check(TvmApi.TVMModLoadFromFile(path, "so", out var library));
        return library;
    }

    private static TvmModuleHandle CreateExecutor(TvmModuleHandle library, PackageFile graph)
    {
        var text = ReadAll(graph);
        try
        {
            var json = new TVMByteArray { data = text, size = (nuint)graph.Length };
            using var create = TvmCall.Global(TvmLibrary.CreateExecutor);
            TvmCall.Invoke(
                create,
                [
                    new TVMValue { v_handle = &json },
                    new TVMValue { v_handle = (void*)library.DangerousGetHandle() },
                    new TVMValue { v_int64 = DLDevice.Cpu },
                    new TVMValue { v_int64 = 0 },
                ],
                [TVMValue.TypeCode.Bytes, TVMValue.TypeCode.Module, TVMValue.TypeCode.Int, TVMValue.TypeCode.Int],
                out var result,
                out var code);
            return code == TVMValue.TypeCode.Module ? new TvmModuleHandle(result.v_handle) : throw TvmCall.Unexpected("an executor", code);
        }
        finally
        {
            NativeMemory.Free(text);
        }
    }

    // The caller's, from malloc and on one thread, as any host reads a file.
    private static byte* ReadAll(PackageFile file)
    {
        const int most = 1 << 30;
        var memory = (byte*)NativeMemory.Alloc((nuint)file.Length);
        for (long at = 0; at < file.Length; at += most)
        {
            file.Read(at, new Span<byte>(memory + at, (int)Math.Min(most, file.Length - at)));
        }

        return memory;
    }
}
