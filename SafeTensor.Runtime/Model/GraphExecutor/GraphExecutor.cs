using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>One graph executor of the TVM runtime, on memory that the host gives it.</summary>
/// <remarks>
/// Apache's runtimes take memory for any tensor and then do not always use it (behind reshapes, for tensors that are given out twice or that
/// nothing reads). So memory is only given for what is known to work everywhere, and the rest is copied before or after each run.
/// </remarks>
internal sealed unsafe class GraphExecutor : Executor
{
    [ThreadStatic]
    private static int _threadsOfThisThread;

    private readonly GraphProgram _program;
    private readonly TvmModuleHandle _module;
    private readonly TvmFunctionHandle _run;
    private readonly TvmFunctionHandle _setInput;
    private readonly TvmFunctionHandle _bindInput;
    private readonly TvmFunctionHandle _bindOutput;
    private readonly TvmFunctionHandle _getOutput;
    private readonly nint[] _copiedInputs;
    private readonly nint[] _copiedOutputs;
    private readonly TvmArrayHandle?[] _outputArrays;
    private int _copiedInputCount;
    private bool _copiesOutputs;

    internal GraphExecutor(GraphProgram program, TvmModuleHandle module)
    {
        _program = program;
        _module = module;
        _copiedInputs = new nint[program.Inputs.Count];
        _copiedOutputs = new nint[program.Outputs.Count];
        _outputArrays = new TvmArrayHandle?[program.Outputs.Count];
        try
        {
            _run = TvmCall.Member(module, "run");
            _setInput = TvmCall.Member(module, "set_input");
            _bindInput = TvmCall.Member(module, "set_input_zero_copy");
            _bindOutput = TvmCall.Member(module, "set_output_zero_copy");
            _getOutput = TvmCall.Member(module, "get_output");
            program.BindWeights(this);
        }
        catch
        {
            // A function keeps the code's library loaded, and with it the descriptor of its image.
            Dispose();
            throw;
        }
    }

    internal override void BindInput(int index, void* address, TensorInfo info)
    {
        var argument = _program.InputArguments[index];
        var copied = BindArgument(argument, address, isParameter: false) ? 0 : (nint)address;
        _copiedInputCount += (copied != 0 ? 1 : 0) - (_copiedInputs[index] != 0 ? 1 : 0);
        _copiedInputs[index] = copied;

        // An output that is an input lies in that input's memory, which has just moved.
        for (var i = 0; _copiesOutputs && i < _copiedOutputs.Length; i++)
        {
            if (_copiedOutputs[i] != 0)
            {
                FindOutput(i);
            }
        }
    }

    internal override void BindOutput(int index, void* address)
    {
        var tensor = _program.Description.Outputs[index];
        if (tensor.IsDirect && _program.Outputs[index].ByteLength > 0)
        {
            Pass(_bindOutput, index, tensor, address);
            return;
        }

        _copiedOutputs[index] = (nint)address;
        _copiesOutputs = true;
        FindOutput(index);
        var data = _outputArrays[index]!.Data;
        if (_program.IsWeight(data))
        {
            _program.NoteWeight(index, data);
        }
    }

    /// <summary>Points an argument at memory, or for a parameter that cannot be pointed copies it once.</summary>
    /// <returns>Whether the runtime uses the memory from now on.</returns>
    internal bool BindArgument(int argument, void* address, bool isParameter)
    {
        var tensor = _program.Description.Arguments[argument];
        if (TvmLibrary.IsEmbedded || tensor.IsDirect)
        {
            Pass(_bindInput, argument, tensor, address);
            return true;
        }

        if (isParameter)
        {
            _program.NoteCopied(tensor);
            Pass(_setInput, argument, tensor, address);
        }

        return false;
    }

    internal override void Run()
    {
        UseThreads();
        if (_copiedInputCount > 0)
        {
            CopyInputs();
        }

        TVMValue result;
        int code;
        TvmCall.Check(TvmApi.TVMFuncCall(_run, null, null, 0, &result, &code));
        if (_copiesOutputs)
        {
            CopyOutputs();
        }
    }

    public override void Dispose()
    {
        foreach (var array in _outputArrays)
        {
            array?.Dispose();
        }

        TvmFunctionHandle?[] functions = [_run, _setInput, _bindInput, _bindOutput, _getOutput];
        Array.ForEach(functions, function => function?.Dispose());
        _module.Dispose();
    }

    private void CopyInputs()
    {
        for (var i = 0; i < _copiedInputs.Length; i++)
        {
            if (_copiedInputs[i] != 0)
            {
                var argument = _program.InputArguments[i];
                Pass(_setInput, argument, _program.Description.Arguments[argument], (void*)_copiedInputs[i]);
            }
        }
    }

    private void CopyOutputs()
    {
        for (var i = 0; i < _copiedOutputs.Length; i++)
        {
            if (_copiedOutputs[i] != 0)
            {
                var length = _program.Outputs[i].ByteLength;
                Buffer.MemoryCopy(_outputArrays[i]!.Data, (void*)_copiedOutputs[i], length, length);
            }
        }
    }

    private void FindOutput(int index)
    {
        var found = GetOutput(index);
        _outputArrays[index]?.Dispose();
        _outputArrays[index] = found;
    }

    private TvmArrayHandle GetOutput(int index)
    {
        TvmCall.Invoke(_getOutput, [new TVMValue { v_int64 = index }], [TVMValue.TypeCode.Int], out var result, out var code);
        return code == TVMValue.TypeCode.NDArray ? new TvmArrayHandle(result.v_handle) : throw TvmCall.Unexpected("a tensor", code);
    }

    private static void Pass(TvmFunctionHandle function, int index, GraphTensor tensor, void* address)
    {
        fixed (long* shape = tensor.Shape)
        {
            var view = new DLTensor
            {
                data = address,
                device = new DLDevice { device_type = DLDevice.Cpu },
                ndim = tensor.Shape.Length,
                dtype = new DLDataType { code = tensor.Type.Code, bits = tensor.Type.Bits, lanes = tensor.Type.Lanes },
                shape = shape,
            };
            TvmCall.Invoke(function, [new TVMValue { v_int64 = index }, new TVMValue { v_handle = &view }], [TVMValue.TypeCode.Int, TVMValue.TypeCode.DLTensor]);
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
        using var configure = TvmCall.Global("runtime.config_threadpool");
        TvmCall.Invoke(configure, [new TVMValue { v_int64 = onePerCore }, new TVMValue { v_int64 = _program.Threads }], [TVMValue.TypeCode.Int, TVMValue.TypeCode.Int]);
        _threadsOfThisThread = _program.Threads;
    }
}
