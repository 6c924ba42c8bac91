using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>A tensor of tvm-ffi over memory of ours, which outlives every use of it.</summary>
internal sealed unsafe class RelaxTensor : IDisposable
{
    /// <summary>In bytes: what kernels compiled for AVX-512 may assume.</summary>
    private const int Alignment = 64;

    private readonly FfiHandle _handle;

    /// <param name="data">Aligned as a session's memory is.</param>
    /// <param name="type">As TVM's current codes say.</param>
    /// <param name="shape">In elements.</param>
    internal RelaxTensor(void* data, DataType type, ReadOnlySpan<long> shape)
    {
        // One block for the structure and its shape, which tvm-ffi does not copy; given back by the last one that needs it.
        var block = (DLManagedTensor*)NativeMemory.AllocZeroed((nuint)(sizeof(DLManagedTensor) + (shape.Length * sizeof(long))));
        var lengths = (long*)(block + 1);
        shape.CopyTo(new Span<long>(lengths, shape.Length));
        block->dl_tensor = new DLTensor
        {
            data = data,
            device = new DLDevice { device_type = DLDevice.Cpu },
            ndim = shape.Length,
            dtype = new DLDataType { code = type.Code, bits = type.Bits, lanes = type.Lanes },
            shape = lengths,
        };
        block->deleter = (nint)(delegate* unmanaged[Cdecl]<DLManagedTensor*, void>)&Free;
        if (FfiApi.TVMFFITensorFromDLPack(block, Alignment, contiguous: 1, out _handle) != 0)
        {
            NativeMemory.Free(block);
            FfiCall.Check(-1);
        }
    }

    /// <summary>As an argument, while this is alive.</summary>
    internal TVMFFIAny Argument => FfiCall.Object(_handle, TVMFFIAny.TypeIndex.Tensor);

    public void Dispose() => _handle.Dispose();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Free(DLManagedTensor* block) => NativeMemory.Free(block);
}
