using Microsoft.Extensions.Logging;

namespace Ecom.Tests.Workflow;

static partial class Log
{
    [LoggerMessage(Level = LogLevel.Information, Message = "chain {InstanceId}")]
    public static partial void LogChain(this ILogger logger, string instanceId);
}

/// <summary>Keeps what the category "Chain" logs.</summary>
sealed class StageLogs(Stage stage) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => categoryName == "Chain" ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        stage.Logged.Enqueue(formatter(state, exception));

    public void Dispose()
    {
    }
}
