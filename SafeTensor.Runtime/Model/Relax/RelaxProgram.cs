using System.Text;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>A Relax model: a library that holds kernels and bytecode, and takes its parameters as arguments.</summary>
internal sealed unsafe class RelaxProgram : ModelProgram
{
    private const string ExecutableKind = "relax.VMExecutable";

    private const string Unprotected = "whose image is neither locked nor wiped: compile with its parameters as inputs";

    /// <summary>What constants may have in all before they are taken for weights: scalars, axes and small tables are in every model.</summary>
    private const long MostHarmlessElements = 1024;

    private readonly CodeImage _code;
    private readonly FfiHandle _executable;
    private readonly RelaxSignature _signature;
    private readonly Lock _lock = new();
    private IReadOnlyList<TensorInfo>? _outputs;

    private RelaxProgram(LoadedFiles files, ModelPackage package, int threads)
        : base(files, package)
    {
        _code = files.Code;
        Threads = threads;
        _executable = LoadExecutable(_code, package.CodeFile);
        try
        {
            using var stats = FfiCall.Member(_executable, "stats"u8);
            using var text = FfiCall.Member(_executable, "as_text"u8);
            _signature = RelaxSignature.Read(FfiCall.TextOf(stats), FfiCall.TextOf(text));
            Arguments = new RelaxArguments(ReadNames(), _signature, package, files);
            NoteConstants();
            if (!FfiLibrary.WipesFrees)
            {
                Note("what the model computes is in memory of this TVM runtime's own, which cannot be made to wipe it");
            }
        }
        catch (SafeModelException failure) when (failure.Error == SafeModelError.RuntimeFailed)
        {
            Release();
            throw new SafeModelException(SafeModelError.ModelInvalid, package.CodeFile, failure.Message, failure);
        }
        catch
        {
            Release();
            throw;
        }
    }

    internal override IReadOnlyList<TensorInfo> Inputs => Arguments.Inputs;

    internal override IReadOnlyList<TensorInfo>? Outputs => Volatile.Read(ref _outputs);

    internal int Threads { get; }

    /// <summary>Of main.</summary>
    internal RelaxArguments Arguments { get; }

    /// <param name="files">Code, owned by the program when this succeeds, and weights, which outlive it.</param>
    /// <param name="package">Of the parameters; used during the call only.</param>
    /// <param name="threads">For a run; 0 for the runtime's choice.</param>
    internal static RelaxProgram Create(LoadedFiles files, ModelPackage package, int threads) => files.Graph is null
        ? new(files, package, threads)
        : throw new SafeModelException(
            SafeModelError.ModelInvalid, package.GraphFile, "is a graph, and the code is a Relax model's, which has none. Take it out of the model's folder, or the code of the graph's own compilation.");

    internal override Executor CreateExecutor() => new RelaxExecutor(this);

    /// <summary>A virtual machine of its own, ready to run; the caller's.</summary>
    internal FfiHandle CreateMachine()
    {
        const int cpu = DLDevice.Cpu, first = 0, pooled = 2;
        using var load = FfiCall.Member(_executable, "vm_load_executable"u8);
        var machine = FfiCall.ModuleOf(load);
        try
        {
            // Any call before this kills the process.
            using var initialize = FfiCall.Member(machine, "vm_initialization"u8);
            FfiCall.Invoke(initialize, [FfiCall.Int(cpu), FfiCall.Int(first), FfiCall.Int(pooled)]);
            return machine;
        }
        catch
        {
            machine.Dispose();
            throw;
        }
    }

    /// <summary>Says what a run gave, for the outputs' description. Where the executable does not tell which lengths each run decides, all are of a model with symbolic inputs.</summary>
    internal override void Learn(IReadOnlyList<TensorInfo> given)
    {
        var isDynamic = Inputs.Any(input => input.IsDynamic);
        var told = _signature.OutputShapes is { } shapes && shapes.Count == given.Count && shapes.Zip(given).All(pair => pair.First.Length == pair.Second.Shape.Length) ? shapes : null;
        var outputs = given.Select((output, i) => Inputs.Any(input => !input.IsKnown) ? TensorInfo.Unknown(output.Name)
            : told is not null ? output.WithShape(told[i])
            : isDynamic ? output.WithShape([.. output.Shape.Select(_ => -1L)])
            : output).ToList();
        lock (_lock)
        {
            _outputs ??= outputs;
        }
    }

    /// <summary>The runtime keeps the memory of all intermediate results for the next run, of whatever model. They can be weights: rows of an embedding, or a bias.</summary>
    internal override void ReleaseScratch()
    {
        KernelMemory.WipeScratch();
        try
        {
            using var clear = FfiCall.Find("vm.builtin.memory_manager.clear"u8);
            if (clear is not null)
            {
                FfiCall.Invoke(clear, []);
            }
        }
        catch (SafeModelException)
        {
            // It keeps them. Whoever ends a model can do nothing about it, and a finalizer must not throw.
        }
    }

    public override void Dispose()
    {
        Release();
        ReleaseScratch();
        _code.Dispose();
    }

    private static FfiHandle LoadExecutable(CodeImage code, string file)
    {
        // Not by ffi.ModuleLoadFromFile, which goes by the ending of a name that this file has not.
        using var load = FfiCall.Global("ffi.Module.load_from_file.so"u8);
        using var kind = FfiCall.Global("ffi.ModuleGetKind"u8);
        try
        {
            // Before the runtime does, which looks for what it takes from others only when that is called.
            using var library = new LoadedCode(code.Path);
            FfiHandle module;
            fixed (byte* path = FfiCall.Terminated(Encoding.UTF8.GetBytes(code.Path)))
            fixed (byte* format = "so\0"u8)
            {
                module = FfiCall.ModuleOf(load, [FfiCall.Text(path), FfiCall.Text(format)]);
            }

            try
            {
                var found = FfiCall.TextOf(kind, [FfiCall.Object(module, TVMFFIAny.TypeIndex.Module)]);
                if (found != ExecutableKind)
                {
                    throw new SafeModelException(SafeModelError.ModelInvalid, file, $"is a module of kind '{SafeText.Escape(found)}' and no Relax executable. Compile it with tvm.compile and export_library.");
                }

                KernelMemory.ServeScratch(library);
                code.ReleaseContent();
                return module;
            }
            catch
            {
                module.Dispose();
                throw;
            }
        }
        catch (Exception failure) when (failure is DllNotFoundException or SafeModelException { Error: SafeModelError.RuntimeFailed })
        {
            // The loader knows it only by its descriptor.
            var words = failure.Message.Replace($"{code.Path}: ", "", StringComparison.Ordinal).Replace(code.Path, file, StringComparison.Ordinal);
            throw new SafeModelException(SafeModelError.ModelInvalid, file, $"cannot be loaded: {SafeText.EscapeWords(words)}", failure);
        }
    }

    private List<string> ReadNames()
    {
        using var machine = CreateMachine();
        using var arity = FfiCall.Member(machine, "get_function_arity"u8);
        using var name = FfiCall.Member(machine, "get_function_param_name"u8);
        var names = new List<string>();
        fixed (byte* main = "main\0"u8)
        {
            FfiCall.Invoke(arity, [FfiCall.Text(main)], out var count);
            if (count.type_index != TVMFFIAny.TypeIndex.Int || count.v_int64 is < 0 or > ParamsFormat.MaxTensors)
            {
                throw FfiCall.Unexpected("the number of main's arguments", count.type_index);
            }

            for (var i = 0; i < count.v_int64; i++)
            {
                names.Add(FfiCall.TextOf(name, [FfiCall.Text(main), FfiCall.Int(i)]));
            }
        }

        return names;
    }

    private void NoteConstants()
    {
        if (Parameters.Count == 0)
        {
            Note($"the model has no parameters, so its weights are constants inside the code, {Unprotected}");
        }
        else if (_signature.ConstantElements > MostHarmlessElements)
        {
            Note($"constants with {_signature.ConstantElements} elements in all are inside the code, {Unprotected}");
        }
    }

    private void Release()
    {
        Arguments?.Dispose();
        _executable.Dispose();
    }
}
