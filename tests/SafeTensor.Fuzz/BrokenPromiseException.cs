namespace SafeTensor.Fuzz;

/// <summary>A parser did what no input may make it do. The message says what.</summary>
internal sealed class BrokenPromiseException(string message, Exception? cause = null) : Exception(message, cause);
