using System.Runtime.InteropServices;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>What the last run of a virtual machine returned: kept until the next, and given back also where nobody disposes of it. One thread at a time.</summary>
internal sealed unsafe class RelaxResult : SafeHandle
{
    public RelaxResult()
        : base(invalidHandleValue: 0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    internal TVMFFIAny Value { get; private set; }

    /// <param name="value">Owned from now on.</param>
    internal void Replace(in TVMFFIAny value)
    {
        ReleaseHandle();
        Value = value;
        SetHandle(value.type_index >= TVMFFIAny.TypeIndex.FirstObject ? (nint)value.v_ptr : 0);
    }

    protected override bool ReleaseHandle() => handle == 0 || FfiApi.TVMFFIObjectDecRef(handle) == 0;
}
