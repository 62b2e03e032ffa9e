using System.Collections.Concurrent;

namespace Ecom.Tool;

/// <summary>What the services print, in one file beside their data; `up` shows it too, once the shop is up.</summary>
sealed class ShopLog : IDisposable
{
    static readonly TimeSpan Late = TimeSpan.FromSeconds(1);

    volatile Action<string, string>? watch;
    readonly StreamWriter writer;
    readonly Lock gate = new();
    readonly Timer flush;
    readonly ConcurrentDictionary<string, string> last = new();
    readonly TaskCompletionSource<string> cannotRun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ShopLog(string file)
    {
        (File, writer) = (file, new(file, append: false));
        // A write for each line would be a system call for each; a second later is soon enough for a reader.
        flush = new(_ => Flush(), null, Late, Late);
    }

    public string File { get; }

    /// <summary>Makes the data folder, and opens a file in it.</summary>
    public static T In<T>(string folder, string name, Func<string, T> open)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return open(Path.Combine(folder, name));
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new ToolError($"the data folder {folder} cannot be used: {(System.IO.File.Exists(folder) ? "it is a file" : wrong.Message)}");
        }
    }

    /// <summary>What an app said that cannot run as it is configured: to start it again would change nothing.</summary>
    public Task<string> CannotRun => cannotRun.Task;

    /// <summary>From here on: the one line that says why a start failed is not to be searched among the others.</summary>
    public void Show(Action<string, string>? lines) => watch = lines;

    public void Write(string appId, string line)
    {
        Keep(() => writer.WriteLine($"{appId}  {line}"));
        watch?.Invoke(appId, line);
        // A service that ends with 2 has said in its last line which setting it cannot read.
        if (line.StartsWith($"ended with {Exit.CannotRun};", StringComparison.Ordinal))
            cannotRun.TrySetResult(last.GetValueOrDefault(appId) ?? $"{appId} {line}");
        else
            last[appId] = line;
    }

    void Flush() => Keep(writer.Flush);

    public void Dispose()
    {
        flush.Dispose();
        Keep(writer.Dispose);
    }

    /// <summary>A disk that is full costs the line, and stops nobody who has something to say.</summary>
    void Keep(Action write)
    {
        lock (gate)
            try
            {
                if (writer.BaseStream is { CanWrite: true })
                    write();
            }
            catch (IOException)
            {
            }
    }
}
