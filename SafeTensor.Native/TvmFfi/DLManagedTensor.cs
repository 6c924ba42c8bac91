using System.Runtime.InteropServices;

namespace SafeTensor.Native;

/// <summary>DLPack's tensor with its end.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DLManagedTensor
{
    internal DLTensor dl_tensor;
    internal void* manager_ctx;

    /// <summary>Called with this structure when nothing needs it any more, on whatever thread.</summary>
    internal nint deleter;
}
