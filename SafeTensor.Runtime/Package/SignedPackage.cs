namespace SafeTensor.Runtime;

/// <summary>What can be checked of a package without its model key.</summary>
internal static class SignedPackage
{
    /// <summary>The signature, what it covers, and every root.</summary>
    internal static PackageInfo Verify(
        string directory, IReadOnlyList<PublisherKey> publishers, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        var expectations = new PackageExpectations(ModelId: null, MinimumVersion: 0, TimeProvider.System) { Publishers = publishers };
        using var parameters = SealedParams.Open(directory);
        var signers = expectations.CheckSignature(parameters);
        var stored = StoredPackage.Open(parameters);
        expectations.Check(stored.Manifest, signers, parameters.File.Name);
        stored.Verify(createCipher: null, progress, cancellationToken);
        return stored.Describe(PackageInfo.From(parameters, stored.Manifest, isAuthenticated: true), createCipher: null);
    }
}
