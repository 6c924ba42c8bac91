namespace SafeTensor.Runtime;

/// <summary>The authenticated cipher of a package's segments. Both derive their keys with HKDF-SHA256.</summary>
public enum CipherSuite
{
    /// <summary>AES-256-GCM (NIST SP 800-38D): the fastest wherever the processor has AES instructions.</summary>
    Aes256Gcm = 1,

    /// <summary>ChaCha20-Poly1305 (RFC 8439): for processors without them.</summary>
    ChaCha20Poly1305 = 2,
}
