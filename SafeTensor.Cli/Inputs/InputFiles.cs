using SafeTensor.Runtime;

namespace SafeTensor.Cli.Inputs;

/// <summary>The files of one run, matched with the model's inputs.</summary>
internal sealed class InputFiles
{
    private readonly IReadOnlyList<InputArgument> _files;
    private readonly double? _scale;

    /// <exception cref="UsageException">There is a scale but no picture.</exception>
    internal InputFiles(IReadOnlyList<InputArgument> files, double? scale)
    {
        if (scale is not null && !files.Any(file => InputFile.IsPicture(file.Path)))
        {
            throw new UsageException("--scale is for pictures, and no --input is a .png file.");
        }

        (_files, _scale) = (files, scale);
    }

    internal bool IsEmpty => _files.Count == 0;

    /// <summary>Reads all files; zeros for every input where there is no file at all.</summary>
    /// <exception cref="UsageException">A name that the model has not, or a file that does not fit.</exception>
    internal Dictionary<string, TensorValue> Read(IReadOnlyList<TensorInfo> inputs)
    {
        if (IsEmpty)
        {
            return Zeros(inputs);
        }

        var values = new Dictionary<string, TensorValue>();
        foreach (var file in _files)
        {
            var input = Find(inputs, file);
            if (!values.TryAdd(input.Name, InputFile.Read(file.Path, input, _scale)))
            {
                throw new UsageException($"--input gives '{input.Name}' twice.");
            }
        }

        return values;
    }

    /// <summary>Zeros for every input, with 1 for each length that a run decides.</summary>
    /// <exception cref="UsageException">The model does not tell what an input is.</exception>
    internal static Dictionary<string, TensorValue> Zeros(IReadOnlyList<TensorInfo> inputs) => inputs.ToDictionary(input => input.Name, Zeros);

    private static TensorInfo Find(IReadOnlyList<TensorInfo> inputs, InputArgument file)
    {
        var found = file.Name is null && inputs.Count == 1 ? inputs[0] : inputs.FirstOrDefault(input => input.Name == file.Name);
        var all = string.Join(", ", inputs);
        return found ?? throw new UsageException(
            file.Name is null ? $"The model has {inputs.Count} inputs, so write --input NAME={file.Path}. They are: {all}."
            : $"The model has no input '{file.Name}'. It has: {all}.");
    }

    private static TensorValue Zeros(TensorInfo input)
    {
        if (!input.IsKnown)
        {
            throw new UsageException($"The model does not tell what its input '{input.Name}' is, so there are no zeros for it: `safetensor run` takes a .npy file for it, with --input.");
        }

        var smallest = input.Smallest();
        return TensorValue.Create(input.ElementType, new byte[checked(smallest.ElementCount * input.ElementType.ByteLength())], smallest.Shape.AsSpan());
    }
}
