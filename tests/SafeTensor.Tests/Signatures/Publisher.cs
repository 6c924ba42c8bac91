using System.Security.Cryptography;

namespace SafeTensor.Tests;

/// <summary>Somebody who signs packages.</summary>
internal sealed class Publisher : IDisposable
{
    internal Publisher(ECCurve? curve = null) => Key = ECDsa.Create(curve ?? ECCurve.NamedCurves.nistP256);

    internal ECDsa Key { get; }

    /// <summary>The public half in PEM: what a program trusts.</summary>
    internal string Pem => Key.ExportSubjectPublicKeyInfoPem();

    public void Dispose() => Key.Dispose();
}
