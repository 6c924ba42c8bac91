using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>Owns one reference to a module: a library, a factory or an executor.</summary>
internal sealed class TvmModuleHandle : SafeHandle
{
    public TvmModuleHandle()
        : base(invalidHandleValue: 0, ownsHandle: true)
    {
    }

    /// <summary>Takes over the reference that a packed function returned.</summary>
    internal unsafe TvmModuleHandle(void* module)
        : this() => SetHandle((nint)module);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => TvmApi.TVMModFree(handle) == 0;
}
