using SafeTensor.Cli.Inputs;
using SafeTensor.Runtime;

namespace SafeTensor.Fuzz.Targets;

/// <summary>NumPy's files: what is read and written again is read the same.</summary>
internal sealed class NpyTarget : FuzzTarget
{
    private readonly FuzzFolder _folder = new();

    internal override string Name => "npy";

    protected override SafeModelError[] Errors => [];

    protected override void Parse(byte[] input)
    {
        var path = _folder.Write("input.npy", input);
        var value = NpyFile.Read(path, ElementType.Float32);
        Promise(value.Bytes.Length < input.Length, "the elements of the file");
        NpyFile.Write(path, value);
        var again = NpyFile.Read(path, value.ElementType);
        Promise(
            again.ElementType == value.ElementType && again.Shape.SequenceEqual(value.Shape) && again.Bytes.SequenceEqual(value.Bytes),
            "the same from what is written again");
    }
}
