namespace SafeTensor.Cli.Doctor;

/// <summary>How something of the machine is.</summary>
internal enum CheckStatus
{
    Ok,

    /// <summary>Models run, but slower or less protected than they could.</summary>
    Warning,

    /// <summary>No model runs.</summary>
    Failure,
}
