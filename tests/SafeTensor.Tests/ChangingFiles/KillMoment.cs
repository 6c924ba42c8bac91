namespace SafeTensor.Tests;

/// <summary>How far a program had come when it was killed, told from what it left.</summary>
internal enum KillMoment
{
    /// <summary>It had not begun to write.</summary>
    Before,

    /// <summary>It had begun, and left something unfinished.</summary>
    During,

    /// <summary>What it was to write is there, and nothing else.</summary>
    After,
}
