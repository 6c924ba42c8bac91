using Microsoft.Extensions.Logging.Abstractions;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Fuzz.Targets;

/// <summary>A compiled library before it is sealed.</summary>
internal sealed class LibraryTarget : FuzzTarget
{
    private readonly FuzzFolder _folder = new();

    internal override string Name => "library";

    protected override SafeModelError[] Errors => [SafeModelError.ModelInvalid];

    protected override void Parse(byte[] input)
    {
        using var file = PackageFile.Open(_folder.Write("mod.so", input));
        SharedLibrary.Check(file, staysClear: true, NullLoggerFactory.Instance);
    }
}
