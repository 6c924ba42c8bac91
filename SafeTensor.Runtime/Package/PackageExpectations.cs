namespace SafeTensor.Runtime;

/// <summary>What the caller demands of a package beyond its key.</summary>
/// <param name="ModelId">The model it must be; <see langword="null"/> for any.</param>
/// <param name="MinimumVersion">The lowest model version that is accepted.</param>
/// <param name="Time">What not-after is compared with.</param>
internal sealed record PackageExpectations(string? ModelId, ulong MinimumVersion, TimeProvider Time)
{
    /// <summary>One of them must have signed; empty where no signature is demanded.</summary>
    internal IReadOnlyList<PublisherKey> Publishers { get; init; } = [];

    /// <summary>Whether a key that authenticates no sender will do without a publisher.</summary>
    internal bool AllowUnsigned { get; init; }

    /// <summary>What remembers the versions seen before; <see langword="null"/> for nothing.</summary>
    internal VersionFile? Versions { get; init; }

    /// <summary>Step 3 of a load.</summary>
    /// <returns>The thumbprints of the trusted publishers who signed; none where none is demanded.</returns>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.SignatureInvalid"/>.</exception>
    internal IReadOnlyList<string> CheckSignature(SealedParams package) =>
        Publishers.Count > 0 ? SignatureFile.Verify(package, Publishers) : [];

    /// <summary>Whoever has the public half of such a key can make a package for it, with code of their own.</summary>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.SignatureInvalid"/>.</exception>
    internal void CheckSender(ModelKey key, string file)
    {
        if (Publishers.Count == 0 && !AllowUnsigned && !key.AuthenticatesSender)
        {
            throw new SafeModelException(
                SafeModelError.SignatureInvalid, file,
                "could be by anybody: this kind of key does not tell who sealed a package. Name its publisher in TrustedPublishers, or set AllowUnsigned.");
        }
    }

    /// <summary>Step 6 of a load, as far as it concerns the manifest.</summary>
    /// <param name="manifest">Of the package, authenticated.</param>
    /// <param name="signers">What <see cref="CheckSignature"/> returned.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <exception cref="SafeModelException">One of them is not met.</exception>
    internal void Check(Manifest manifest, IReadOnlyList<string> signers, string file)
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

        Versions?.Check(signers, manifest.ModelId, manifest.ModelVersion);
        if (manifest.NotAfter is { } notAfter && Time.GetUtcNow() > notAfter)
        {
            throw new SafeModelException(
                SafeModelError.Expired, file, $"expired on {notAfter:u}; it is {Time.GetUtcNow():u}. Ask the model's vendor for a newer package.");
        }
    }
}
