using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>The functions of TVM's C API that a host of graph-executor models needs, under the names of <c>native/include/safetensor_tvm.h</c>.</summary>
/// <remarks>Those that return <see langword="int"/> return 0, or another value and leave a text for <see cref="TVMGetLastError"/> on the same thread.</remarks>
internal static unsafe partial class TvmApi
{
    internal const string Library = "safetensor_tvm";

    static TvmApi() => LibraryResolver.Install();

    /// <summary>UTF-8, valid until this thread's next error; NULL where there was none.</summary>
    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial byte* TVMGetLastError();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int TVMModLoadFromFile(string fileName, string format, out TvmModuleHandle module);

    /// <summary>The function is invalid where the module has none of that name.</summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int TVMModGetFunction(TvmModuleHandle module, string name, int queryImports, out TvmFunctionHandle function);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int TVMModFree(nint module);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int TVMFuncFree(nint function);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int TVMFuncCall(TvmFunctionHandle function, TVMValue* arguments, int* typeCodes, int count, TVMValue* result, int* resultCode);

    /// <summary>The function is invalid where there is none of that name.</summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int TVMFuncGetGlobal(string name, out TvmFunctionHandle function);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int TVMArrayFree(nint array);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int TVMObjectFree(nint value);
}
