namespace SafeTensor.Runtime;

/// <summary>What the caller demands of a package beyond its key.</summary>
/// <param name="ModelId">The model it must be; <see langword="null"/> for any.</param>
/// <param name="MinimumVersion">The lowest model version that is accepted.</param>
/// <param name="Time">What not-after is compared with.</param>
internal sealed record PackageExpectations(string? ModelId, ulong MinimumVersion, TimeProvider Time)
{
    /// <summary>What remembers the versions seen before; <see langword="null"/> for none.</summary>
    internal VersionFile? Versions { get; init; }

    /// <param name="manifest">Of the package, authenticated.</param>
    /// <param name="publishers">The pinned ones whose signature it has; a single empty text where none is pinned.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <exception cref="SafeModelException">One of them is not met.</exception>
    internal void Check(Manifest manifest, IReadOnlyList<string> publishers, string file)
    {
        if (ModelId is not null && ModelId != manifest.ModelId)
        {
            throw new SafeModelException(
                SafeModelError.WrongPackage, file, $"is the model '{SafeText.Escape(manifest.ModelId)}'; '{SafeText.Escape(ModelId)}' was expected.");
        }

        if (manifest.ModelVersion < MinimumVersion)
        {
            throw new SafeModelException(
                SafeModelError.RolledBack, file, $"is version {manifest.ModelVersion}; {MinimumVersion} is the lowest accepted. Install the newer package.");
        }

        Versions?.Check(publishers, manifest.ModelId, manifest.ModelVersion);
        if (manifest.NotAfter is { } notAfter && Time.GetUtcNow() > notAfter)
        {
            throw new SafeModelException(
                SafeModelError.Expired, file, $"expired on {notAfter:u}; it is {Time.GetUtcNow():u}. Ask the model's vendor for a newer package.");
        }
    }
}
