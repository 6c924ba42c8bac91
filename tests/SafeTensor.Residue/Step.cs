namespace SafeTensor.Residue;

/// <summary>What the program can be asked to do.</summary>
internal enum Step
{
    /// <summary>Copies the key to every kind of memory, to be found there.</summary>
    Plant,

    Search,
    Load,
    Run,
    Suspend,
    Resume,
    Dispose,

    /// <summary>Loads, runs and disposes, again and again.</summary>
    Cycle,

    /// <summary>Tells of memory, mappings and descriptors.</summary>
    Measure,

    /// <summary>From now on a thread runs into null references, and catches them.</summary>
    Trip,

    Harden,
    Crash,
}
