using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>Owns one reference to a packed function, which keeps its module alive.</summary>
internal sealed class TvmFunctionHandle() : SafeHandle(invalidHandleValue: 0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => TvmApi.TVMFuncFree(handle) == 0;
}
