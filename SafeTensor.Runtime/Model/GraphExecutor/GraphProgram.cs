using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>A graph-executor model: a library of kernels and a graph, or a factory library that holds both and its parameters.</summary>
internal sealed unsafe class GraphProgram : ModelProgram
{
    private readonly CodeImage _code;
    private readonly ProtectedMemory? _graph;
    private readonly int _threads;
    private readonly TvmModuleHandle _module;
    private readonly GraphDescription _description;
    private readonly (int Argument, int Parameter)[] _bound;
    private readonly RuntimeParameters? _kept;

    private GraphProgram(LoadedFiles files, ModelPackage package, int threads)
        : base(files, package)
    {
        var graph = files.Graph;
        _code = files.Code;
        _graph = graph;
        _threads = threads;
        _module = LoadLibrary(_code, package.CodeFile);
        try
        {
            _description = graph is null ? FactoryLibrary.Describe(_module, package.CodeFile) : GraphDescription.Read(graph.Span, package.GraphFile);
            _description.RequireParameters(Parameters);
            var places = _description.Arguments.Select((argument, place) => (argument.Name, place)).ToDictionary(StringComparer.Ordinal);
            _bound = [.. Bound(places)];
            Inputs = _description.InputsWithout(graph is null ? FactoryLibrary.Parameters(_module) : Parameters.Select(parameter => parameter.Name));
            InputArguments = [.. Inputs.Select(input => places[input.Name])];
            Outputs = _description.OutputInfos();
            if (Weights is null && Parameters.Sum(parameter => parameter.ByteLength) > 0)
            {
                _kept = RuntimeParameters.Load(package, CreateModule());
                var unwiped = TvmLibrary.IsEmbedded ? "" : ", and nobody wipes the copies that it leaves behind";
                Note($"the weights are in memory of the TVM runtime's own, neither locked nor read-only{unwiped}: LoadPath.InPlace protects them");
            }

            if (graph is null)
            {
                Note("weights are inside the code, whose image is neither locked nor wiped: compile without a factory to protect them in memory");
            }
            else if (Parameters.Count == 0)
            {
                Note("the model has no parameters, so its weights are constants inside the code, whose image is neither locked nor wiped: compile without linked parameters");
            }
        }
        catch
        {
            _kept?.Dispose();
            _module.Dispose();
            throw;
        }
    }

    internal override IReadOnlyList<TensorInfo> Inputs { get; }

    internal override IReadOnlyList<TensorInfo> Outputs { get; }

    /// <summary>Of each input, its place among the graph's arguments.</summary>
    internal int[] InputArguments { get; }

    internal GraphDescription Description => _description;

    internal int Threads => _threads;

    /// <param name="files">Code and graph, owned by the program when this succeeds; without a graph the code is a factory library. The weights outlive the program; without them the runtime gets the parameters.</param>
    /// <param name="package">Of the parameters; used during the call only.</param>
    /// <param name="threads">For a run; 0 for the runtime's choice.</param>
    internal static GraphProgram Create(LoadedFiles files, ModelPackage package, int threads) => new(files, package, threads);

    private static TvmModuleHandle LoadLibrary(CodeImage code, string file)
    {
        using var library = Bind(code.Path);
        if (TvmApi.TVMModLoadFromFile(code.Path, "so", out var module) == 0)
        {
            try
            {
                code.ReleaseContent();
                return module;
            }
            catch
            {
                module.Dispose();
                throw;
            }
        }

        // The loader knows it only by its descriptor.
        var failure = TvmCall.Failure();
        module.Dispose();
        throw new SafeModelException(
            SafeModelError.ModelInvalid, file, failure.Message.Replace(code.Path, file, StringComparison.Ordinal), failure);
    }

    // Until the runtime has loaded it too, so that its constructors run once.
    private static LoadedCode? Bind(string path)
    {
        try
        {
            return new LoadedCode(path);
        }
        catch (DllNotFoundException e)
        {
            if (e.Message.Contains("undefined symbol: TVM", StringComparison.Ordinal))
            {
                TvmLibrary.MakeGlobal();
            }

            // What else is missing, the runtime says.
            return null;
        }
    }

    internal override Executor CreateExecutor()
    {
        var executor = CreateModule();
        try
        {
            _kept?.ShareWith(executor);
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
        if (Weights is not null)
        {
            foreach (var (argument, parameter) in _bound)
            {
                executor.BindArgument(argument, Weights.Address + Offsets[parameter], isParameter: true);
            }
        }
    }

    /// <summary>Says that the runtime keeps a copy of a weight.</summary>
    internal void NoteCopied(GraphTensor parameter) => Note(
        $"the weight '{SafeText.Escape(parameter.Name)}' is also in memory of this TVM runtime's own, neither locked nor wiped, since it cannot be pointed elsewhere: "
        + "the embedded runtime needs no such copy");

    internal override void ReleaseScratch()
    {
        if (TvmLibrary.IsEmbedded)
        {
            KernelMemory.WipeScratch();
        }
    }

    public override void Dispose()
    {
        _kept?.Dispose();
        _module.Dispose();
        ReleaseScratch();
        _code.Dispose();
        _graph?.Dispose();
    }

    private IEnumerable<(int Argument, int Parameter)> Bound(Dictionary<string, int> places)
    {
        for (var i = 0; i < Parameters.Count; i++)
        {
            // A parameter without elements has no memory to be pointed at.
            if (Parameters[i].ByteLength > 0)
            {
                yield return (places[Parameters[i].Name], i);
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
                using var make = TvmCall.Member(_module, FactoryLibrary.Create);
                TvmCall.Invoke(make, [new TVMValue { v_device = new DLDevice { device_type = DLDevice.Cpu } }], [TVMValue.TypeCode.Device], out result, out code);
            }
            else
            {
                var json = new TVMByteArray { data = _graph.Address, size = (nuint)_graph.Length };
                using var make = TvmCall.Global(TvmLibrary.CreateExecutor);
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
}
