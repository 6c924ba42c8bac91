using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>The functions of tvm-ffi's C ABI that a host of Relax models needs, as in <c>native/include/safetensor_tvm_ffi.h</c>.</summary>
/// <remarks>Those that return <see langword="int"/> return 0, or another value and leave an error for <see cref="TVMFFIErrorMoveFromRaised"/> on the same thread.</remarks>
internal static unsafe partial class FfiApi
{
    internal const string Library = "tvm_ffi";

    static FfiApi() => LibraryResolver.Install();

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial void TVMFFIGetVersion(TVMFFIVersion* version);

    /// <summary>The function is invalid where there is none of that name.</summary>
    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int TVMFFIFunctionGetGlobal(TVMFFIByteArray* name, out FfiHandle function);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int TVMFFIFunctionCall(FfiHandle function, TVMFFIAny* arguments, int count, TVMFFIAny* result);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int TVMFFIObjectDecRef(nint value);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial void TVMFFIErrorMoveFromRaised(out FfiHandle error);

    /// <summary>Owns <paramref name="tensor"/> from then on, where it succeeds.</summary>
    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int TVMFFITensorFromDLPack(DLManagedTensor* tensor, int alignment, int contiguous, out FfiHandle handle);
}
