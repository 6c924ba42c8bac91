using SafeTensor.Runtime;

namespace SafeTensor.Fuzz.Targets;

/// <summary>A mod.sig beside the package that the seeds are signed for: whoever is said to have signed was asked for.</summary>
internal sealed class SignatureTarget : FuzzTarget
{
    /// <summary>A P-256 key whose other half was thrown away.</summary>
    private const string Publisher = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE55S+03l1Pcomu6732Oh4RANLTTe1
        Wsb0ewTO6dwMaaTJN/RjvqXPWsUKp98uizsoJHY82YmUWgfBzLuLzDitjg==
        -----END PUBLIC KEY-----
        """;

    private readonly FuzzFolder _folder = new();
    private PublisherKey? _publisher;

    internal SignatureTarget()
    {
        using var package = typeof(SignatureTarget).Assembly.GetManifestResourceStream("signed.params")!;
        var bytes = new byte[package.Length];
        package.ReadExactly(bytes);
        _folder.Write(ModelPackage.ParamsName, bytes);
    }

    internal override string Name => "signature";

    protected override SafeModelError[] Errors => [SafeModelError.SignatureInvalid];

    protected override void Parse(byte[] input)
    {
        // Not in the constructor: instrumented code must not run before the fuzzer has its memory.
        _publisher ??= PublisherKey.FromPem(Publisher, nameof(Publisher));
        _folder.Write(SignatureFile.Name, input);
        using var parameters = SealedParams.Open(_folder.Path);
        Promise(SignatureFile.Verify(parameters, [_publisher]) is [var signer] && signer == _publisher.Thumbprint, "only the publishers that are asked for");
        var payload = SignatureFile.PayloadOf(parameters.Header);
        Promise(SignatureFile.ReadOthers(parameters.Folder, payload, _publisher).Count < SignatureFile.MaxSignatures, "one reading for signer and verifier");
    }
}
