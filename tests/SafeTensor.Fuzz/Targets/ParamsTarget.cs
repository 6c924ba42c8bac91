using SafeTensor.Runtime;

namespace SafeTensor.Fuzz.Targets;

/// <summary>A plain parameters file: its tensors lie behind each other and fill it, and written again they are read the same.</summary>
internal sealed class ParamsTarget : FuzzTarget
{
    private readonly FuzzFolder _folder = new();

    internal override string Name => "params";

    protected override SafeModelError[] Errors => [SafeModelError.ModelInvalid, SafeModelError.LimitExceeded];

    protected override void Parse(byte[] input)
    {
        var tensors = Read(input);
        var end = tensors.Length == 0 ? input.Length : tensors[0].Offset - ParamsFormat.RecordLength(tensors[0].Info.Shape.Length);
        foreach (var (info, offset) in tensors)
        {
            Promise(offset == end + ParamsFormat.RecordLength(info.Shape.Length), "tensors behind each other");
            end = offset + info.ByteLength;
        }

        var written = new MemoryStream();
        ParamsText.WriteList(written, [.. tensors.Select(tensor => tensor.Info)], at => input.AsMemory((int)tensors[at].Offset, (int)tensors[at].Info.ByteLength));
        Promise(end == input.Length && written.Length == input.Length, "tensors that fill their file");
        var again = Read(written.ToArray());
        Promise(
            tensors.Select(tensor => (tensor.Info.ToString(), tensor.Info.Name, tensor.Offset)).SequenceEqual(again.Select(tensor => (tensor.Info.ToString(), tensor.Info.Name, tensor.Offset))),
            "the same from what is written again");
    }

    private ParamsTensor[] Read(byte[] bytes)
    {
        using var file = PackageFile.Open(_folder.Write("mod.params", bytes));
        return ParamsReader.Read(file);
    }
}
