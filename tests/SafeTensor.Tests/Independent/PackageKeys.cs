using System.Text;

namespace SafeTensor.Tests.Independent;

/// <summary>What is derived from a model key: docs/format.md, section 7.</summary>
internal sealed record PackageKeys(byte[] Prk, byte[] Commitment, byte[] HeaderKey, byte[] DataKey)
{
    internal static PackageKeys Derive(byte[] modelKey, byte[] salt, int suite)
    {
        var prk = Crypto.HkdfExtract(salt, modelKey);
        return new(prk, Expand("commit"), Expand("header"), Expand("data"));

        byte[] Expand(string label) => Crypto.HkdfExpand(prk, [.. Encoding.ASCII.GetBytes("safetensor/1 " + label), 0, (byte)(suite >> 8), (byte)suite], 32);
    }
}
