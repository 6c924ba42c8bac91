namespace SafeTensor.Runtime;

/// <summary>A model or a package was refused, or failed. <see cref="Error"/> says why; the message says what to do.</summary>
/// <remarks>
/// Carries no key, weight, input or output. Mistakes in a call are <see cref="ArgumentException"/> and its kin instead;
/// a missing file is <see cref="FileNotFoundException"/>.
/// </remarks>
public sealed class SafeModelException : Exception
{
    /// <summary>Makes the exception; public so that programs can test their handlers.</summary>
    /// <param name="error">Why.</param>
    /// <param name="message">What went wrong and the way out.</param>
    /// <param name="innerException">The cause, if another exception was it.</param>
    public SafeModelException(SafeModelError error, string message, Exception? innerException = null)
        : base(message, innerException) => Error = error;

    // The message says something of the part, whose name it follows.
    internal SafeModelException(SafeModelError error, string part, string message, Exception? innerException = null)
        : base($"{part} {message}", innerException)
    {
        Error = error;
        Part = part;
    }

    /// <summary>Why.</summary>
    public SafeModelError Error { get; }

    /// <summary>The place, as in <c>mod.params: dense/weight, segment 3</c>; <see langword="null"/> where there is none to name.</summary>
    public string? Part { get; }
}
