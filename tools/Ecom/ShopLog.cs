using System.Collections.Concurrent;

namespace Ecom.Tool;

/// <summary>What the services print, in one file beside their data; `up` shows it too.</summary>
sealed class ShopLog(string file, Action<string, string>? watch) : IDisposable
{
    readonly StreamWriter writer = new(file, append: false) { AutoFlush = true };
    readonly Lock gate = new();
    readonly ConcurrentDictionary<string, string> last = new();
    readonly TaskCompletionSource<string> cannotRun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string File => file;

    /// <summary>What an app said that cannot run as it is configured: to start it again would change nothing.</summary>
    public Task<string> CannotRun => cannotRun.Task;

    public void Write(string appId, string line)
    {
        lock (gate)
            if (writer.BaseStream.CanWrite)
                writer.WriteLine($"{appId}  {line}");
        watch?.Invoke(appId, line);
        // A service that ends with 2 has said in its last line which setting it cannot read.
        if (line.StartsWith($"ended with {Exit.CannotRun};", StringComparison.Ordinal))
            cannotRun.TrySetResult(last.GetValueOrDefault(appId) ?? $"{appId} {line}");
        else
            last[appId] = line;
    }

    public void Dispose()
    {
        lock (gate)
            writer.Dispose();
    }
}
