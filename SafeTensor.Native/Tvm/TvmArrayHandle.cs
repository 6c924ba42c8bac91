using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>Owns one reference to a runtime's tensor.</summary>
internal sealed unsafe class TvmArrayHandle : SafeHandle
{
    /// <summary>Takes over the reference that a packed function returned.</summary>
    internal TvmArrayHandle(void* array)
        : base(invalidHandleValue: 0, ownsHandle: true) => SetHandle((nint)array);

    public override bool IsInvalid => handle == 0;

    /// <summary>Where its elements are now; binding memory moves it.</summary>
    internal void* Data
    {
        get
        {
            var tensor = (DLTensor*)handle;
            return (byte*)tensor->data + tensor->byte_offset;
        }
    }

    protected override bool ReleaseHandle() => TvmApi.TVMArrayFree(handle) == 0;
}
