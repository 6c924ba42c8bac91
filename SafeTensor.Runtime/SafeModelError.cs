namespace SafeTensor.Runtime;

/// <summary>Why a model was refused or failed. Numbers are stable; new ones are only ever appended.</summary>
public enum SafeModelError
{
    /// <summary>The key does not open this package, or the bytes that commit to the key were damaged.</summary>
    WrongKey = 1,

    /// <summary>A byte of the package is not as it was sealed.</summary>
    Tampered,

    /// <summary>The code or the graph does not belong to these parameters, or the package is not the one that was asked for.</summary>
    WrongPackage,

    /// <summary>The model is a plain one, and a sealed one was asked for.</summary>
    NotEncrypted,

    /// <summary>A version, cipher suite, flag or field that this version of the library does not know.</summary>
    UnsupportedFormat,

    /// <summary>A count or a size is above the library's limit.</summary>
    LimitExceeded,

    /// <summary>The package's not-after date has passed.</summary>
    Expired,

    /// <summary>The package is older than the lowest version that was allowed, or than one seen before; or what was seen before cannot be read.</summary>
    RolledBack,

    /// <summary>A publisher is pinned, and no valid signature of it was found.</summary>
    SignatureInvalid,

    /// <summary>The key source could not give a key.</summary>
    KeyUnavailable,

    /// <summary>The model itself is malformed, or asks for something that this library does not support.</summary>
    ModelInvalid,

    /// <summary>The TVM runtime or a kernel of the model reported a failure.</summary>
    RuntimeFailed,

    /// <summary>The protection that was required cannot be had on this machine.</summary>
    ProtectionUnavailable,
}
