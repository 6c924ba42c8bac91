namespace SafeTensor.Runtime;

/// <summary>How well a loaded model's weights are kept from others on the machine. Each level includes the former.</summary>
public enum ProtectionLevel
{
    /// <summary>The model's files are not encrypted.</summary>
    Plain,

    /// <summary>Encrypted at rest; plaintext only in this process's memory.</summary>
    Sealed,

    /// <summary>And that memory cannot reach swap.</summary>
    Locked,

    /// <summary>
    /// And no dump of this process contains it, .NET's own <c>createdump</c> included: the process is not dumpable
    /// (<see cref="ProcessHardening.Apply"/>), neither runs as root nor may trace others, and had no debugger attached when the model was loaded.
    /// </summary>
    NotDumped,

    /// <summary>And the pages are <c>memfd_secret</c>, which not even root can read through <c>/proc</c>.</summary>
    Secret,
}
