using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>A graph-executor model: a library of kernels and a graph, or a factory library that holds both and its parameters.</summary>
internal sealed unsafe class GraphProgram : ModelProgram
{
    private const string FactoryModel = "default";

    private readonly CodeImage _code;
    private readonly ProtectedMemory? _graph;
    private readonly ProtectedMemory? _weights;
    private readonly long[] _offsets;
    private readonly int _threads;
    private readonly TvmModuleHandle _module;
    private readonly GraphDescription _description;
    private readonly List<string> _remarks = [];
    private readonly List<(int Argument, int Parameter)> _bound = [];
    private readonly IReadOnlyList<ParameterInfo> _parameters;
    private TvmModuleHandle? _parameterOwner;

    private GraphProgram(CodeImage code, ProtectedMemory? graph, ModelPackage package, ProtectedMemory? weights, long[] offsets, int threads)
    {
        _code = code;
        _graph = graph;
        _weights = weights;
        _offsets = offsets;
        _threads = threads;
        _parameters = package.Parameters;
        _module = LoadLibrary(code);
        try
        {
            _description = graph is null ? DescribeFactory() : GraphDescription.Read(graph.Span, ModelPackage.GraphName);
            _description.RequireParameters(_parameters);
            var parameters = _parameters.Select(parameter => parameter.Name).ToList();
            BindingIndex(parameters);
            Inputs = _description.InputsWithout(graph is null ? FactoryParameters() : parameters);
            var inputs = Inputs.Select(input => input.Name).ToHashSet(StringComparer.Ordinal);
            InputArguments = [.. _description.Arguments.Index().Where(argument => inputs.Contains(argument.Item.Name)).Select(argument => argument.Index)];
            Outputs = _description.OutputInfos();
            if (_weights is null && _parameters.Sum(parameter => parameter.ByteLength) > 0)
            {
                _parameterOwner = LoadParameters(package);
                _remarks.Add("the weights are in memory of the TVM runtime's own, neither locked nor read-only: LoadPath.InPlace protects them");
            }

            if (graph is not null && _parameters.Count == 0)
            {
                _remarks.Add("the model has no parameters, so its weights are constants inside the code, whose image is neither locked nor wiped: compile without linked parameters");
            }
        }
        catch
        {
            _parameterOwner?.Dispose();
            _module.Dispose();
            throw;
        }
    }

    internal override IReadOnlyList<TensorInfo> Inputs { get; }

    internal override IReadOnlyList<TensorInfo> Outputs { get; }

    internal override IReadOnlyList<string> Remarks => _remarks;

    /// <summary>Of each input, its place among the graph's arguments.</summary>
    internal int[] InputArguments { get; }

    internal GraphDescription Description => _description;

    internal int Threads => _threads;

    /// <param name="code">Owned by the program when this succeeds.</param>
    /// <param name="graph">Owned by the program when this succeeds; <see langword="null"/> for a factory library.</param>
    /// <param name="package">Of the parameters; used during the call only.</param>
    /// <param name="weights">The parameters in place, which outlive the program; <see langword="null"/> to hand them to the runtime.</param>
    /// <param name="offsets">Of each parameter in <paramref name="weights"/>.</param>
    /// <param name="threads">For a run; 0 for the runtime's choice.</param>
    internal static GraphProgram Create(CodeImage code, ProtectedMemory? graph, ModelPackage package, ProtectedMemory? weights, long[] offsets, int threads) =>
        new(code, graph, package, weights, offsets, threads);

    private static TvmModuleHandle LoadLibrary(CodeImage code)
    {
        if (TvmApi.TVMModLoadFromFile(code.Path, "so", out var module) == 0)
        {
            return module;
        }

        // The loader knows it only by its descriptor.
        var failure = TvmCall.Failure();
        module.Dispose();
        throw new SafeModelException(
            SafeModelError.ModelInvalid, ModelPackage.CodeName, failure.Message.Replace(code.Path, ModelPackage.CodeName, StringComparison.Ordinal), failure);
    }

    internal override Executor CreateExecutor()
    {
        var executor = CreateModule();
        try
        {
            if (_parameterOwner is not null)
            {
                ShareParameters(executor);
            }

            return new GraphExecutor(this, executor);
        }
        catch
        {
            executor.Dispose();
            throw;
        }
    }

    /// <summary>Points the executor's parameters at the shared weights.</summary>
    internal void BindWeights(GraphExecutor executor)
    {
        if (_weights is not null)
        {
            foreach (var (argument, parameter) in _bound)
            {
                executor.BindArgument(argument, _weights.Address + _offsets[parameter], isParameter: true);
            }
        }
    }

    /// <summary>Says that an output is a weight, which so comes to be in ordinary memory.</summary>
    internal void NoteIfWeight(int output, void* data)
    {
        if (_weights is null || data < _weights.Address || data >= _weights.Address + _weights.Length)
        {
            return;
        }

        var offset = (byte*)data - _weights.Address;
        var parameter = Array.FindLastIndex(_offsets, start => start <= offset);
        var remark = $"output{output} is the weight '{SafeText.Escape(_parameters[parameter].Name)}', which the model so gives out";
        lock (_remarks)
        {
            if (!_remarks.Contains(remark))
            {
                _remarks.Add(remark);
            }
        }
    }

    public override void Dispose()
    {
        _parameterOwner?.Dispose();
        _module.Dispose();
        _code.Dispose();
        _graph?.Dispose();
    }

    private void BindingIndex(List<string> parameters)
    {
        var arguments = _description.Arguments.Index().ToDictionary(argument => argument.Item.Name, argument => argument.Index, StringComparer.Ordinal);
        for (var i = 0; i < parameters.Count; i++)
        {
            // A parameter without elements has no memory to be pointed at.
            if (_parameters[i].ByteLength > 0)
            {
                _bound.Add((arguments[parameters[i]], i));
            }
        }
    }

    private TvmModuleHandle CreateModule()
    {
        var held = false;
        _module.DangerousAddRef(ref held);
        try
        {
            TVMValue result;
            int code;
            if (_graph is null)
            {
                using var make = TvmCall.Member(_module, FactoryModel);
                TvmCall.Invoke(make, [new TVMValue { v_device = new DLDevice { device_type = DLDevice.Cpu } }], [TVMValue.TypeCode.Device], out result, out code);
            }
            else
            {
                var json = new TVMByteArray { data = _graph.Address, size = (nuint)_graph.Length };
                using var make = TvmCall.Global(TvmRuntime.CreateExecutor);
                TvmCall.Invoke(
                    make,
                    [
                        new TVMValue { v_handle = &json },
                        new TVMValue { v_handle = (void*)_module.DangerousGetHandle() },
                        new TVMValue { v_int64 = DLDevice.Cpu },
                        new TVMValue { v_int64 = 0 },
                    ],
                    [TVMValue.TypeCode.Bytes, TVMValue.TypeCode.Module, TVMValue.TypeCode.Int, TVMValue.TypeCode.Int],
                    out result,
                    out code);
            }

            return code == TVMValue.TypeCode.Module ? new TvmModuleHandle(result.v_handle) : throw TvmCall.Unexpected("an executor", code);
        }
        finally
        {
            _module.DangerousRelease();
        }
    }

    private GraphDescription DescribeFactory()
    {
        using var get = TvmCall.FindMember(_module, "get_graph_json")
            ?? throw new FileNotFoundException(
                $"There is no graph '{ModelPackage.GraphName}', and the code is no factory library that holds one. Put the graph that TVM wrote beside the code.", ModelPackage.GraphName);
        TvmCall.Invoke(get, [], [], out var result, out var code);
        if (code != TVMValue.TypeCode.Str)
        {
            throw TvmCall.Unexpected("text", code);
        }

        _remarks.Add("weights are inside the code, whose image is neither locked nor wiped: compile without a factory to protect them in memory");
        return GraphDescription.Read(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(result.v_str), ModelPackage.CodeName);
    }

    private List<string> FactoryParameters()
    {
        var names = new List<string>();
        using var get = TvmCall.Member(_module, "get_graph_params");
        using var items = TvmCall.Global("runtime.MapItems");
        using var size = TvmCall.Global("runtime.ArraySize");
        using var item = TvmCall.Global("runtime.ArrayGetItem");
        using var text = TvmCall.Global("runtime.GetFFIString");
        using var map = Object(get, [], []);
        using var array = Object(items, [map.Value], [TVMValue.TypeCode.Object]);
        TvmCall.Invoke(size, [array.Value], [TVMValue.TypeCode.Object], out var count, out _);

        // Keys and values by turns.
        for (long i = 0; i < count.v_int64; i += 2)
        {
            using var name = Object(item, [array.Value, new TVMValue { v_int64 = i }], [TVMValue.TypeCode.Object, TVMValue.TypeCode.Int]);
            names.Add(TvmCall.Text(text, [name.Value], [TVMValue.TypeCode.Object]));
        }

        return names;
    }

    private static TvmObject Object(TvmFunctionHandle function, ReadOnlySpan<TVMValue> arguments, ReadOnlySpan<int> codes)
    {
        TvmCall.Invoke(function, arguments, codes, out var result, out var code);
        return code == TVMValue.TypeCode.Object ? new TvmObject(result) : throw TvmCall.Unexpected("an object", code);
    }

    // One tensor at a time, as a list of one: the runtime copies it, and no other plaintext is left of it.
    private TvmModuleHandle LoadParameters(ModelPackage package)
    {
        var owner = CreateModule();
        try
        {
            using var load = TvmCall.Member(owner, "load_params");
            for (var i = 0; i < _parameters.Count; i++)
            {
                var header = Header([_parameters[i]], withRecord: true);
                using var list = ProtectedMemory.Reserve(header.Length + _parameters[i].ByteLength);
                header.CopyTo(new Span<byte>(list.Address, header.Length));
                package.ReadParameter(i, list.Address + header.Length);
                InvokeWithBytes(load, list.Address, (nuint)list.Length);
            }

            return owner;
        }
        catch
        {
            owner.Dispose();
            throw;
        }
    }

    private void ShareParameters(TvmModuleHandle executor)
    {
        var header = Header(_parameters, withRecord: false);
        using var share = TvmCall.Member(executor, "share_params");
        var held = false;
        _parameterOwner!.DangerousAddRef(ref held);
        try
        {
            fixed (byte* bytes = header)
            {
                var names = new TVMByteArray { data = bytes, size = (nuint)header.Length };
                TvmCall.Invoke(
                    share,
                    [new TVMValue { v_handle = (void*)_parameterOwner.DangerousGetHandle() }, new TVMValue { v_handle = &names }],
                    [TVMValue.TypeCode.Module, TVMValue.TypeCode.Bytes]);
            }
        }
        finally
        {
            _parameterOwner.DangerousRelease();
        }
    }

    private static void InvokeWithBytes(TvmFunctionHandle function, byte* data, nuint length)
    {
        var bytes = new TVMByteArray { data = data, size = length };
        TvmCall.Invoke(function, [new TVMValue { v_handle = &bytes }], [TVMValue.TypeCode.Bytes]);
    }

    /// <summary>A parameters list up to its data: the names, and the record of the only tensor.</summary>
    private static byte[] Header(IReadOnlyList<ParameterInfo> parameters, bool withRecord)
    {
        var list = new MemoryStream();
        Span<byte> buffer = stackalloc byte[ParamsFormat.RecordLength(ParamsFormat.MaxRank)];
        ParamsFormat.WritePreamble(buffer, (ulong)parameters.Count);
        list.Write(buffer[..ParamsFormat.PreambleLength]);
        foreach (var parameter in parameters)
        {
            var name = Encoding.UTF8.GetBytes(parameter.Name);
            BinaryPrimitives.WriteUInt64LittleEndian(buffer, (ulong)name.Length);
            list.Write(buffer[..8]);
            list.Write(name);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(buffer, (ulong)parameters.Count);
        list.Write(buffer[..8]);
        if (withRecord)
        {
            var (_, type, shape, length) = parameters[0];
            ParamsFormat.WriteRecord(buffer, type, shape, length);
            list.Write(buffer[..ParamsFormat.RecordLength(shape.Length)]);
        }

        return list.ToArray();
    }

    /// <summary>One reference to an object of the runtime's.</summary>
    private readonly ref struct TvmObject(TVMValue value)
    {
        internal TVMValue Value => value;

        public void Dispose() => _ = TvmApi.TVMObjectFree((nint)value.v_handle);
    }
}
