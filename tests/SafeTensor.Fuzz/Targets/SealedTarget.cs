using System.Security.Cryptography;
using SafeTensor.Runtime;

namespace SafeTensor.Fuzz.Targets;

/// <summary>
/// A sealed mod.params: as it is for the reader without a key, and then authenticated anew, as one who has the key could, so that the
/// rest of the checks is reached, too.
/// </summary>
internal sealed class SealedTarget : FuzzTarget
{
    private const int CommitmentAt = 80, DigestAt = 112, MacAt = 144;

    private static readonly PackageExpectations Any = new(null, 0, TimeProvider.System);

    /// <summary>The bytes 1 to 32, with which the seeds are sealed.</summary>
    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    private readonly FuzzFolder _folder = new();

    internal override string Name => "sealed";

    protected override SafeModelError[] Errors =>
    [
        SafeModelError.NotEncrypted, SafeModelError.UnsupportedFormat, SafeModelError.LimitExceeded, SafeModelError.Tampered, SafeModelError.WrongKey,
        SafeModelError.WrongPackage, SafeModelError.Expired,
    ];

    protected override void Parse(byte[] input)
    {
        _folder.Write(ModelPackage.ParamsName, input);
        Authenticate(input);
        _folder.Write(ModelPackage.ParamsName, input);
        try
        {
            var claimed = PackageInfo.Read(_folder.Path);
            using var package = SealedPackage.Open(_folder.Path, Key, Any);
            var info = package.Verify(progress: null, CancellationToken.None);
            Promise(info.IsAuthenticated && !claimed.IsAuthenticated, "a claim that is only that");
            Promise(info.FileId == claimed.FileId && info.ModelId == claimed.ModelId && info.TensorCount == claimed.TensorCount, "one reading with and without the key");
        }
        catch (FileNotFoundException)
        {
            // The manifest lists code or a graph, and only the parameters are here.
        }
    }

    private void Authenticate(Span<byte> file)
    {
        using var parameters = SealedParams.Open(_folder.Path);
        using var keys = new KeySchedule(Key, parameters.Header.Salt, parameters.Header.Suite);
        var header = file.Slice((int)parameters.ManifestOffset, ManifestHeader.Length);
        var rest = file.Slice((int)parameters.ManifestOffset + ManifestHeader.Length, parameters.Header.RestLength);
        keys.Commitment.CopyTo(header[CommitmentAt..]);
        SHA256.HashData(rest, header[DigestAt..MacAt]);
        HMACSHA256.HashData(keys.HeaderKey, header[..MacAt], header[MacAt..]);
    }
}
