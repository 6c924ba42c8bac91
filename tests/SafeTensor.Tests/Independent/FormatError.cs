namespace SafeTensor.Tests.Independent;

/// <summary>The errors of docs/format.md, section 10.</summary>
internal enum FormatError
{
    NotEncrypted,
    UnsupportedFormat,
    LimitExceeded,
    WrongKey,
    WrongPackage,
    RolledBack,
    Expired,
    SignatureInvalid,
    Tampered,
}
