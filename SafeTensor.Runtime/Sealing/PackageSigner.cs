using System.Security.Cryptography;

namespace SafeTensor.Runtime.Sealing;

/// <summary>Adds a publisher's signature to a package.</summary>
internal static class PackageSigner
{
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(30);

    /// <summary>What mod.sig holds when <paramref name="privateKey"/> has signed too.</summary>
    /// <param name="header">What is signed.</param>
    /// <param name="others">Signatures of other publishers over the same header.</param>
    /// <param name="privateKey">On P-256 or P-384.</param>
    internal static ReadOnlyMemory<byte> Sign(ManifestHeader header, IReadOnlyList<PackageSignature> others, ECDsa privateKey)
    {
        var publisher = PublisherKey.Of(privateKey);
        var payload = SignatureFile.PayloadOf(header);
        PackageSignature[] signatures = [.. others, PackageSignature.Create(privateKey, publisher, payload)];
        var file = SignatureFile.Encode(payload, signatures);
        return signatures.Length > SignatureFile.MaxSignatures
            ? throw Full($"has {SignatureFile.MaxSignatures} signatures of other publishers, which is the limit")
            : file.Length > SignatureFile.MaxLength
            ? throw Full($"would have {file.Length} bytes with the signatures of other publishers that it has; the limit is {SignatureFile.MaxLength}")
            : file;
    }

    internal static void Sign(string directory, ECDsa privateKey)
    {
        using var parameters = SealedParams.Open(directory);

        // Whoever signs vouches for all of it, so all of it must be there.
        using (var stored = StoredPackage.Open(parameters))
        {
            stored.OpenFiles();
            stored.Verify(createCipher: null, progress: null, CancellationToken.None);
        }

        // Two publishers who sign at once must not lose each other's signature.
        using var folder = parameters.Folder.Reopen();
        using var turn = folder.LockBriefly(SignatureFile.Name + FolderHandle.LockEnding, LockLimit, CancellationToken.None);
        var others = SignatureFile.ReadOthers(parameters.Folder, SignatureFile.PayloadOf(parameters.Header), PublisherKey.Of(privateKey));
        folder.Replace(SignatureFile.Name, Sign(parameters.Header, others, privateKey).Span, FolderHandle.AsUmask);
    }

    private static SafeModelException Full(string message) => new(SafeModelError.LimitExceeded, SignatureFile.Name, $"{message}. Delete it to begin anew.");
}
