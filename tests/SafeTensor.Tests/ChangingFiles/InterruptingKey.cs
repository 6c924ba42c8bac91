using System.Security.Cryptography;

namespace SafeTensor.Tests;

/// <summary>A key that does something when it is to sign, in the middle of a sealing and on its thread: and that perhaps fails, as a token does that was pulled out.</summary>
internal sealed class InterruptingKey(Action action) : ECDsa
{
    private readonly ECDsa _key = Create(ECCurve.NamedCurves.nistP256);

    public override int KeySize => _key.KeySize;

    public override ECParameters ExportParameters(bool includePrivateParameters) => _key.ExportParameters(includePrivateParameters);

    public override byte[] SignHash(byte[] hash)
    {
        action();
        return _key.SignHash(hash);
    }

    public override bool VerifyHash(byte[] hash, byte[] signature) => _key.VerifyHash(hash, signature);

    protected override void Dispose(bool disposing)
    {
        _key.Dispose();
        base.Dispose(disposing);
    }
}
