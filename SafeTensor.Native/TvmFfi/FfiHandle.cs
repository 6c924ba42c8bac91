using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>Owns one reference to an object of tvm-ffi: a function, a module, a tensor, an error.</summary>
internal sealed class FfiHandle : SafeHandle
{
    public FfiHandle()
        : base(invalidHandleValue: 0, ownsHandle: true)
    {
    }

    /// <summary>Takes over the reference that a function returned.</summary>
    internal unsafe FfiHandle(void* value)
        : this() => SetHandle((nint)value);

    public override bool IsInvalid => handle == 0;

    /// <summary>The object; the caller keeps this handle alive meanwhile.</summary>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    internal unsafe void* Value
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return (void*)handle;
        }
    }

    /// <summary>What follows the object's header; the caller keeps this handle alive meanwhile.</summary>
    internal unsafe void* Cell => (TVMFFIObject*)Value + 1;

    protected override bool ReleaseHandle() => FfiApi.TVMFFIObjectDecRef(handle) == 0;
}
