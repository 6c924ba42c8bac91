using Microsoft.Extensions.Logging;

namespace SafeTensor.Cli;

/// <summary>Shows what the library warns of, on the error stream. What it merely tells, the verbs report themselves.</summary>
internal sealed class TerminalLogger(Terminal terminal) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
        // There is one place to write to.
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            terminal.Remark($"warning: {formatter(state, exception)}.");
        }
    }

    public void Dispose()
    {
    }
}
