using SafeTensor.Runtime;

namespace SafeTensor.Cli.Inputs;

/// <summary>Reads a file for one of a model's inputs; the name's ending says how.</summary>
internal static class InputFile
{
    /// <summary>What no file needs more of: spaces, comments and profiles, and for each element a number with all its digits.</summary>
    private const long MaxOtherBytes = 16 << 20, MaxElementBytes = 64;

    /// <summary>Of an input whose length each run decides.</summary>
    private const long MaxDynamicBytes = 1 << 30;

    internal static bool IsPicture(string path) => Extension(path) == ".png";

    /// <param name="path">A <c>.npy</c>, <c>.bin</c>, <c>.json</c> or <c>.png</c> file.</param>
    /// <param name="input">What the model takes.</param>
    /// <param name="scale">What to multiply a picture's 0 … 255 by; <see langword="null"/> for the usual range.</param>
    /// <exception cref="UsageException">The file is of no known kind, malformed, or not what the model takes.</exception>
    internal static TensorValue Read(string path, TensorInfo input, double? scale)
    {
        var extension = Extension(path);
        if (extension is not (".npy" or ".bin" or ".json" or ".png"))
        {
            throw new UsageException($"'{path}' is no input file: its name must end in .npy, .bin, .json or .png.");
        }

        var (length, limit) = (new FileInfo(path).Length, input.IsDynamic ? MaxDynamicBytes : MaxOtherBytes + (MaxElementBytes * input.ElementCount));
        if (length > limit)
        {
            throw new UsageException($"'{path}' has {length} bytes; for input '{input.Name}', which is {input}, it has at most {limit}.");
        }

        if (!input.IsKnown && extension != ".npy")
        {
            throw new UsageException($"The model does not tell what its input '{input.Name}' is, so '{path}' must be a .npy file, which has a type and a shape of its own.");
        }

        return extension switch
        {
            ".npy" => NpyFile.Read(path, input.ElementType),
            ".bin" => RawFile.Read(path, input),
            ".json" => JsonFile.Read(path, input),
            _ => PngFile.Read(path, input.Smallest(), scale),
        };
    }

    private static string Extension(string path) => Path.GetExtension(path).ToLowerInvariant();
}
