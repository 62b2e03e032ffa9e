using Microsoft.Extensions.Logging;

namespace Ecom.Sidecar.Processes;

/// <summary>What a part of the host has to say about an app, among the app's own lines.</summary>
sealed class OutputLog(string appId, Action<string, string> output) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel)) output(appId, formatter(state, exception) + (exception is null ? "" : $" {exception.Message}"));
    }
}
