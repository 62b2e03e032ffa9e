using System.Collections.Concurrent;
using System.Text;
using Ecom.Spark.Jobs;
using Ecom.Tests.Support;

namespace Ecom.Tests.Spark.Support;

/// <summary>Jobs that run until they are stopped, and what they say.</summary>
public sealed class Running : IAsyncDisposable
{
    readonly CancellationTokenSource stop = new();
    readonly LineWriter output = new();
    readonly Task<int> run;

    Running(RunOptions options) => run = Task.Run(() => JobRunner.Run(options, output, stop.Token));

    public IReadOnlyCollection<string> Lines => output.Lines;

    public static Running Start(RunOptions options) => new(options);

    public Task WaitForLine(string text, TimeSpan deadline) =>
        WaitUntil(() => Task.FromResult(Lines.Any(line => line.Contains(text, StringComparison.Ordinal))), deadline, $"«{text}» is said");

    /// <summary>Waits while they run; when they end, so does the wait.</summary>
    public async Task WaitUntil(Func<Task<bool>> condition, TimeSpan deadline, string what)
    {
        try
        {
            await Eventually.Until(async () => run.IsCompleted ? throw new ProcessEndedException($"the jobs ended with {await run}") : await condition(), deadline, what);
        }
        catch (Exception e) when (e is TimeoutException or ProcessEndedException)
        {
            throw new ProcessEndedException($"{e.Message}\n{string.Join('\n', Lines)}");
        }
    }

    /// <summary>Ctrl-C.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> Stop()
    {
        await stop.CancelAsync();
        return await run;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await run.ContinueWith(_ => { }, TaskScheduler.Default);
        stop.Dispose();
        await output.DisposeAsync();
    }

    sealed class LineWriter : TextWriter
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value) => Lines.Enqueue(value ?? "");
    }
}
