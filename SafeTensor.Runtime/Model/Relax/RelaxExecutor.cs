using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>One virtual machine of a Relax model. Its outputs are its own, and known after each run.</summary>
/// <remarks>Two threads in one machine crash it: whoever runs it is alone (<see cref="ModelSession"/>).</remarks>
internal sealed unsafe class RelaxExecutor : Executor
{
    [ThreadStatic]
    private static int _threadsOfThisThread;

    private readonly RelaxProgram _program;
    private readonly FfiHandle _machine;
    private readonly FfiHandle _main;
    private readonly RelaxTensor?[] _inputs;
    private readonly RelaxResult _result = new();

    // Pinned, so that it needs no end of its own.
    private readonly TVMFFIAny[] _arguments;

    internal RelaxExecutor(RelaxProgram program)
    {
        _program = program;
        _inputs = new RelaxTensor?[program.Inputs.Count];
        _machine = program.CreateMachine();
        try
        {
            _main = FfiCall.Member(_machine, "main"u8);
            _arguments = GC.AllocateArray<TVMFFIAny>(program.Arguments.Values.Length, pinned: true);
            program.Arguments.Values.CopyTo(_arguments, 0);
        }
        catch
        {
            _main?.Dispose();
            _machine.Dispose();
            throw;
        }
    }

    internal override bool GivesOutputs => true;

    internal override int OutputCount => _result.Value.type_index == TVMFFIAny.TypeIndex.Array ? (int)Tuple->size : 1;

    private TVMFFIArrayCell* Tuple => (TVMFFIArrayCell*)((TVMFFIObject*)_result.Value.v_ptr + 1);

    internal override void BindInput(int index, void* address, TensorInfo info)
    {
        // The last result can be this very tensor.
        _result.Replace(default);
        var tensor = new RelaxTensor(address, RelaxTypes.Of(info.ElementType), info.Shape.AsSpan());
        _inputs[index]?.Dispose();
        _inputs[index] = tensor;
        _arguments[_program.Arguments.InputPlaces[index]] = tensor.Argument;
    }

    internal override void BindOutput(int index, void* address) => throw new NotSupportedException("A Relax executor gives its outputs.");

    internal override void Run()
    {
        UseThreads();
        _result.Replace(default);
        TVMFFIAny result = default;
        var arguments = (TVMFFIAny*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_arguments));
        var status = FfiApi.TVMFFIFunctionCall(_main, arguments, _arguments.Length, &result);
        if (status != 0)
        {
            KernelMemory.FreeScratch();
        }

        FfiCall.Check(status);
        _result.Replace(result);
    }

    internal override void* Output(int index, out ElementType type, out ReadOnlySpan<long> shape)
    {
        var value = _result.Value.type_index == TVMFFIAny.TypeIndex.Array ? Tuple->items[index] : _result.Value;
        if (value.type_index != TVMFFIAny.TypeIndex.Tensor)
        {
            throw new SafeModelException(SafeModelError.ModelInvalid, $"Output {index} of the model is of type {value.type_index} and no tensor; nested tuples and other values are not supported.");
        }

        var tensor = (DLTensor*)((TVMFFIObject*)value.v_ptr + 1);
        var elements = new DataType(tensor->dtype.code, tensor->dtype.bits, tensor->dtype.lanes);
        if (!RelaxTypes.TryFrom(elements, out type))
        {
            throw new SafeModelException(SafeModelError.ModelInvalid, $"Output {index} of the model has elements of {elements}, which .NET has no type for.");
        }

        shape = new ReadOnlySpan<long>(tensor->shape, tensor->ndim);
        if (tensor->device.device_type != DLDevice.Cpu)
        {
            throw new SafeModelException(SafeModelError.ModelInvalid, $"Output {index} of the model is on a device of type {tensor->device.device_type}; this library runs models on the CPU.");
        }

        RequireCompact(tensor, index);
        return (byte*)tensor->data + tensor->byte_offset;
    }

    /// <summary>Of a session that nobody disposed: its results go back to the runtime, which would keep them.</summary>
    ~RelaxExecutor()
    {
        Release();
        _program.ReleaseScratch();
    }

    public override void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        _result.Dispose();
        foreach (var input in _inputs)
        {
            input?.Dispose();
        }

        _main?.Dispose();
        _machine?.Dispose();
    }

    private static void RequireCompact(DLTensor* tensor, int index)
    {
        long expected = 1;
        for (var i = tensor->ndim - 1; i >= 0 && tensor->strides != null; i--)
        {
            if (tensor->shape[i] > 1 && tensor->strides[i] != expected)
            {
                throw new SafeModelException(SafeModelError.ModelInvalid, $"Output {index} of the model is not contiguous in memory.");
            }

            expected *= tensor->shape[i];
        }
    }

    // The runtime keeps the number for each calling thread.
    private void UseThreads()
    {
        if (_program.Threads == _threadsOfThisThread)
        {
            return;
        }

        const long onePerCore = 1;
        using var configure = FfiCall.Global("runtime.config_threadpool"u8);
        FfiCall.Invoke(configure, [FfiCall.Int(onePerCore), FfiCall.Int(_program.Threads)]);
        _threadsOfThisThread = _program.Threads;
    }
}
