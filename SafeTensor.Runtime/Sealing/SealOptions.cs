using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace SafeTensor.Runtime.Sealing;

/// <summary>How to seal a model. Everything is encrypted but what <c>Clear…</c> names.</summary>
public sealed record SealOptions
{
    /// <summary>The vendor's name for the model, at most 256 bytes of UTF-8; <see langword="null"/>, the default, for the source folder's name, or a source file's without its ending.</summary>
    public string? ModelId { get; set; }

    /// <summary>Raise it with every release, so that loaders can refuse older ones. Default 1.</summary>
    public ulong ModelVersion { get; set; } = 1;

    /// <summary>After this the package does not load, as far as the machine's clock can be trusted. Default: never.</summary>
    public DateTimeOffset? NotAfter { get; set; }

    /// <summary>The cipher; AES-256-GCM unless the users' processors lack AES instructions.</summary>
    public CipherSuite Suite { get; set; } = CipherSuite.Aes256Gcm;

    /// <summary>In bytes: a power of two from 64 KiB to 4 MiB. Default 1 MiB.</summary>
    public int SegmentSize { get; set; } = 1 << 20;

    /// <summary>What the package says it was made by; <see langword="null"/>, the default, for this library and its version.</summary>
    public string? Producer { get; set; }

    /// <summary>Names of parameters to leave readable; they are authenticated all the same. Default: none.</summary>
    public IReadOnlyCollection<string> ClearTensors { get; set; } = [];

    /// <summary>Leaves the compiled code readable. Refused where the code is known to hold weights.</summary>
    public bool ClearCode { get; set; }

    /// <summary>Leaves the graph readable, so that the package can be inspected without its key.</summary>
    public bool ClearGraph { get; set; }

    /// <summary>Replaces a package that is already there, in one step. A folder that holds anything but a package's files is left alone.</summary>
    public bool Overwrite { get; set; }

    /// <summary>The publisher's private key, on P-256 or P-384, which signs the package; stays the caller's. Default: none, and the package is not signed.</summary>
    public ECDsa? Signer { get; set; }

    /// <summary>Where the creation date comes from. Default: the system.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where log messages go. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;
}
