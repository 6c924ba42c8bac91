namespace SafeTensor.Runtime;

/// <summary>What can be checked of a package without its model key.</summary>
internal static class SignedPackage
{
    /// <summary>The signature, what it covers, and every root.</summary>
    internal static PackageInfo Verify(
        string directory, IReadOnlyList<PublisherKey> publishers, IProgress<ModelProgress>? progress, CancellationToken cancellationToken) =>
        SealedParams.Open(directory, publishers, (parameters, publishers) => Verify(parameters, publishers, progress, cancellationToken));

    private static PackageInfo Verify(
        SealedParams opened, IReadOnlyList<PublisherKey> publishers, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        using var parameters = opened;
        var expectations = new PackageExpectations(ModelId: null, MinimumVersion: 0, TimeProvider.System) { Publishers = publishers };
        var signers = expectations.CheckSignature(parameters);
        using var stored = StoredPackage.Open(parameters);
        expectations.Check(stored.Manifest, signers, parameters.File.Name);
        stored.OpenFiles();
        var info = PackageInfo.From(parameters, stored.Manifest, isAuthenticated: true);
        stored.Verify(createCipher: null, progress, cancellationToken);
        return stored.Describe(info, createCipher: null);
    }
}
