using System.Security.Cryptography;

namespace SafeTensor.Runtime.Sealing;

/// <summary>Seals models and verifies packages: the vendor's side.</summary>
/// <remarks>
/// Streams: a model of any size is sealed in a few segments of memory. Writes into a folder beside the target and renames it at the
/// end, so that the target is absent or whole at any moment. Never touches the source. Thread-safe.
/// </remarks>
public static class ModelSealer
{
    /// <summary>Seals a compiled model with a key of 32 bytes.</summary>
    /// <param name="source">
    /// The model's plain files, as <see cref="SafeModel.LoadPlain"/> takes them: a folder, tvmc's uncompressed <c>.tar</c>, which is read in place, or a lone <c>.so</c>.
    /// </param>
    /// <param name="destination">The package's folder; made by this.</param>
    /// <param name="key">32 random bytes, read in place and not kept.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <returns>What the package says of itself.</returns>
    /// <exception cref="ArgumentException">The key has another length, an option is out of range, or <paramref name="destination"/> is the source.</exception>
    /// <exception cref="FileNotFoundException">There is no model in <paramref name="source"/>.</exception>
    /// <exception cref="IOException"><paramref name="destination"/> exists already and is not to be overwritten, or cannot be written.</exception>
    /// <exception cref="SafeModelException">
    /// The model is malformed or over a limit, so that no loader would take the package, <paramref name="source"/> has several, or the key is zeros.
    /// </exception>
    public static PackageInfo Seal(string source, string destination, ReadOnlySpan<byte> key, SealOptions? options = null)
    {
        ModelKey.RequireLength(key.Length, nameof(key));
        using var plan = SealPlan.Create(source, destination, options ?? new SealOptions());
        return PackageWriter.Write(plan, key, progress: null, CancellationToken.None);
    }

    /// <summary>Seals a compiled model with a raw model key, on pool threads.</summary>
    /// <param name="source">As in <see cref="Seal"/>.</param>
    /// <param name="destination">As in <see cref="Seal"/>.</param>
    /// <param name="key">Used during the call only; stays the caller's.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <param name="progress">Told of bytes sealed, in order, from worker threads.</param>
    /// <param name="cancellationToken">Stops within one segment and leaves nothing behind.</param>
    /// <returns>What the package says of itself.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <inheritdoc cref="Seal" path="/exception"/>
    public static Task<PackageInfo> SealAsync(
        string source,
        string destination,
        ModelKey key,
        SealOptions? options = null,
        IProgress<ModelProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        var settings = (options ?? new SealOptions()) with { };
        return Task.Run(
            async () =>
            {
                using var plan = SealPlan.Create(source, destination, settings);
                using var held = new HeldKey(key);
                using var page = await KeyPage.UnwrapAsync(held, new KeyRequest { FileId = plan.FileId }, cancellationToken).ConfigureAwait(false);
                return PackageWriter.Write(plan, page.Span, progress, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Makes every check of a load, and every hash, on pool threads. Keeps no plaintext and runs no code.</summary>
    /// <param name="path">The package's folder.</param>
    /// <param name="key">Used during the call only; stays the caller's.</param>
    /// <param name="options">Which model and version must be found; <see langword="null"/> for any.</param>
    /// <param name="progress">Told of bytes checked, in order, from worker threads.</param>
    /// <param name="cancellationToken">Stops within one segment.</param>
    /// <returns>What the package says of itself, authenticated.</returns>
    /// <exception cref="FileNotFoundException">There is no package at <paramref name="path"/>, or a file of it is missing.</exception>
    /// <exception cref="SafeModelException">The package is not as it was sealed, or not what the options expect.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<PackageInfo> VerifyAsync(
        string path,
        ModelKey key,
        SafeModelOptions? options = null,
        IProgress<ModelProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        var expectations = (options ?? new SafeModelOptions()).Expectations;
        return Task.Run(
            async () =>
            {
                using var held = new HeldKey(key);
                using var package = await SealedPackage.OpenAsync(path, held, expectations, cancellationToken).ConfigureAwait(false);
                return package.Verify(progress, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Checks signature, manifest and every hash without the model key, on pool threads. What is encrypted stays so, and no code runs.</summary>
    /// <param name="path">The package's folder.</param>
    /// <param name="trustedPublishers">Public keys in PEM, as in <see cref="SafeModelOptions.TrustedPublishers"/>; one at least.</param>
    /// <param name="progress">Told of bytes checked, in order, from worker threads.</param>
    /// <param name="cancellationToken">Stops within one segment.</param>
    /// <returns>What the package says of itself, vouched for by its publisher; inputs and outputs only where the graph is readable.</returns>
    /// <exception cref="ArgumentException">There is no publisher, or one's key is none.</exception>
    /// <exception cref="FileNotFoundException">There is no package at <paramref name="path"/>, or a file of it is missing.</exception>
    /// <exception cref="SafeModelException">No publisher signed it, it is not as it was signed, or it has expired.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<PackageInfo> VerifyAsync(
        string path,
        IReadOnlyList<string> trustedPublishers,
        IProgress<ModelProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var publishers = PublisherKey.FromPems(trustedPublishers, nameof(trustedPublishers));
        if (publishers.Length == 0)
        {
            throw new ArgumentException("There is no publisher to trust: give one public key at least, or the model key.", nameof(trustedPublishers));
        }

        return Task.Run(() => SignedPackage.Verify(path, publishers, progress, cancellationToken), cancellationToken);
    }

    /// <summary>Signs a package, after checking that it is whole: writes <c>mod.sig</c>, and changes nothing else. Needs no model key.</summary>
    /// <remarks>A signature of the same key is replaced, those of other publishers over the same package stay.</remarks>
    /// <param name="path">The package's folder.</param>
    /// <param name="privateKey">On P-256 or P-384; stays the caller's.</param>
    /// <exception cref="ArgumentException">The key is on another curve.</exception>
    /// <exception cref="FileNotFoundException">There is no package at <paramref name="path"/>, or a file of it is missing.</exception>
    /// <exception cref="IOException">The signature cannot be written; the one that was there stays.</exception>
    /// <exception cref="CryptographicException">The key has no private half.</exception>
    /// <exception cref="SafeModelException">The package is damaged, or <c>mod.sig</c> has no room for another signature.</exception>
    public static void Sign(string path, ECDsa privateKey)
    {
        ArgumentNullException.ThrowIfNull(privateKey);
        PackageSigner.Sign(path, privateKey);
    }
}
