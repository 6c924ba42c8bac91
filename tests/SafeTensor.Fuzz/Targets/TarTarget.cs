using SafeTensor.Runtime;

namespace SafeTensor.Fuzz.Targets;

/// <summary>A tar with a model's files: its members lie behind each other within it, and their names lead nowhere else.</summary>
internal sealed class TarTarget : FuzzTarget
{
    private readonly FuzzFolder _folder = new();

    internal override string Name => "tar";

    protected override SafeModelError[] Errors => [SafeModelError.ModelInvalid, SafeModelError.LimitExceeded];

    protected override void Parse(byte[] input)
    {
        using var file = PackageFile.Open(_folder.Write("model.tar", input));
        long end = 0;
        foreach (var member in TarArchive.Read(file))
        {
            Promise(member.Offset >= end + TarHeader.Length && member.Length >= 0 && member.Length <= input.Length - member.Offset, "members behind each other within the tar");
            Promise(!member.Name.StartsWith('/') && !member.Name.Split('/').Any(part => part is "" or "." or ".."), "names that lead nowhere else");
            end = member.Offset + member.Length;
        }
    }
}
