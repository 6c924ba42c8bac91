namespace SafeTensor.Residue;

/// <summary>How the program gives a key to the library.</summary>
internal enum KeySource
{
    /// <summary>As a key of the library's that is a file.</summary>
    File,

    /// <summary>As a key of the library's that holds it, for as long as the model is loaded.</summary>
    Held,

    /// <summary>In memory of its own.</summary>
    Span,

    /// <summary>The same, without waiting for the load to end.</summary>
    SpanAsync,
}
