namespace SafeTensor.Residue;

/// <summary>The first needles: a package's keys. Its commitment is none, since every package shows its own.</summary>
internal enum SecretKey
{
    Model,
    Extracted,
    Header,
    Data,
}
