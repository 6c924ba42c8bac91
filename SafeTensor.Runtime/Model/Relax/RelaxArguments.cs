using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>What main takes: parameters, which are bound here once, and inputs, which each executor binds.</summary>
internal sealed unsafe class RelaxArguments : IDisposable
{
    private readonly List<RelaxTensor> _parameters = [];

    /// <param name="names">Of main's arguments, in its order.</param>
    /// <param name="signature">What main tells of them.</param>
    /// <param name="package">Of the parameters; not kept.</param>
    /// <param name="files">Their memory, which outlives this.</param>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.ModelInvalid"/>: arguments and parameters do not fit together.</exception>
    internal RelaxArguments(IReadOnlyList<string> names, RelaxSignature signature, ModelPackage package, LoadedFiles files)
    {
        Values = new TVMFFIAny[names.Count];
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if (!places.TryAdd(name, places.Count))
            {
                throw new SafeModelException(SafeModelError.ModelInvalid, package.CodeFile, $"has two arguments named '{SafeText.Escape(name)}'.");
            }
        }

        try
        {
            var firstParameter = names.Count;
            for (var i = 0; i < package.Parameters.Count; i++)
            {
                var parameter = package.Parameters[i];
                if (!places.Remove(parameter.Name, out var place))
                {
                    throw new SafeModelException(SafeModelError.ModelInvalid, package.CodeFile, $"has no argument for the parameter '{SafeText.Escape(parameter.Name)}'.");
                }

                RequireFit(parameter, place, signature, package.CodeFile);
                var tensor = new RelaxTensor(files.Weights!.Address + files.Offsets[i], parameter.Type, parameter.Shape);
                _parameters.Add(tensor);
                Values[place] = tensor.Argument;
                firstParameter = Math.Min(firstParameter, place);
            }

            InputPlaces = [.. places.Values.Order()];
            Inputs = [.. InputPlaces.Select(place => signature.Inputs.TryGetValue(names[place], out var input) ? input.Checked(package.CodeFile, mayBeOpen: true)
                : place < firstParameter ? TensorInfo.Unknown(names[place])
                : throw new SafeModelException(
                    SafeModelError.ModelInvalid, package.CodeFile,
                    $"has an argument '{SafeText.Escape(names[place])}' after its parameters, where TVM puts no inputs, and no parameter has that name. Is mod.params the one of this compilation?"))];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>In main's order; those of inputs are each executor's to fill.</summary>
    internal TVMFFIAny[] Values { get; }

    internal IReadOnlyList<TensorInfo> Inputs { get; }

    /// <summary>Of each input, its place in <see cref="Values"/>.</summary>
    internal int[] InputPlaces { get; }

    public void Dispose() => _parameters.ForEach(parameter => parameter.Dispose());

    // What no kernel checks: arguments that were compiled as inputs and are stored as parameters, and those that are reshaped before any kernel sees them.
    private static void RequireFit(ParameterInfo parameter, int place, RelaxSignature signature, string code)
    {
        if (signature.Inputs.TryGetValue(parameter.Name, out var input)
            && (!RelaxTypes.TryFrom(parameter.Type, out var type) || type != input.ElementType || !input.Fits(parameter.Shape)))
        {
            throw Differs(parameter, code, input.Type);
        }

        foreach (var shape in signature.Reshapes[place])
        {
            if (parameter.Type.ByteLengthOf(shape) != parameter.ByteLength)
            {
                throw Differs(parameter, code, $"[{string.Join(',', shape)}]");
            }
        }
    }

    private static SafeModelException Differs(ParameterInfo parameter, string code, string expected) => new(
        SafeModelError.ModelInvalid, ModelPackage.ParamsName,
        $"has '{SafeText.Escape(parameter.Name)}' as {parameter.Type}[{string.Join(',', parameter.Shape)}]; {code} takes it as {expected}. Is it the one of this compilation?");
}
