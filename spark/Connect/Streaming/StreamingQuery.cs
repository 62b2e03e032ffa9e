using Ecom.Spark.Connect.Protocol;
using Ecom.Spark.Connect.Wire;

namespace Ecom.Spark.Connect.Streaming;

/// <summary>What a stream does at the moment.</summary>
public sealed record StreamingQueryStatus(string Message, bool IsDataAvailable, bool IsTriggerActive);

/// <summary>A stream that runs on the server.</summary>
public sealed class StreamingQuery
{
    // The answer to a long wait would be lost with a connection; short ones are asked again, and count as signs of life.
    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    readonly SparkClient client;
    readonly StreamingQueryInstanceId id;

    internal StreamingQuery(SparkClient client, StreamingQueryInstanceId id, string? name)
    {
        this.client = client;
        this.id = id;
        Name = string.IsNullOrEmpty(name) ? null : name;
    }

    /// <summary>The same for every start from one checkpoint.</summary>
    public string Id => id.Id;

    /// <summary>New for every start.</summary>
    public string RunId => id.RunId;

    /// <summary>The name given at the start.</summary>
    public string? Name { get; }

    /// <summary>True until the stream stopped or failed.</summary>
    public bool IsActive() => Ask(new() { Status = true }).Now().Status.IsActive;

    /// <summary>What the stream does at the moment.</summary>
    public StreamingQueryStatus Status()
    {
        var status = Ask(new() { Status = true }).Now().Status;
        return new StreamingQueryStatus(status.StatusMessage, status.IsDataAvailable, status.IsTriggerActive);
    }

    /// <summary>The last batches, oldest first.</summary>
    public IReadOnlyList<StreamingQueryProgress> RecentProgress() =>
        [.. Ask(new() { RecentProgress = true }).Now().RecentProgress.RecentProgressJson.Select(StreamingQueryProgress.Parse)];

    /// <summary>The last batch; null before the first.</summary>
    public StreamingQueryProgress? LastProgress() => LastProgressAsync().Now();

    /// <inheritdoc cref="LastProgress"/>
    public async Task<StreamingQueryProgress?> LastProgressAsync(CancellationToken cancellation = default) =>
        (await Ask(new() { LastProgress = true }, cancellation).ConfigureAwait(false)).RecentProgress?.RecentProgressJson.Select(StreamingQueryProgress.Parse).LastOrDefault();

    /// <summary>Why the stream failed; null while it runs, or when it was stopped.</summary>
    public SparkException? Exception()
    {
        var exception = Ask(new() { Exception = true }).Now().Exception;
        return exception?.HasExceptionMessage == true
            ? new SparkException(exception.ExceptionMessage, exception.HasErrorClass ? exception.ErrorClass : null)
            : null;
    }

    /// <summary>Waits for the end; throws what made the stream fail.</summary>
    public void AwaitTermination() => AwaitTerminationAsync().Now();

    /// <summary>Waits for the end, but not longer than a time; false when the stream still runs. Throws what made it fail.</summary>
    public bool AwaitTermination(TimeSpan timeout) => AwaitTerminationAsync(timeout).Now();

    /// <summary>The same with the time in milliseconds.</summary>
    public bool AwaitTermination(long timeoutMs) => AwaitTermination(TimeSpan.FromMilliseconds(timeoutMs));

    /// <summary>Waits for the end; throws what made the stream fail. Cancelled, it only stops to wait: the stream goes on.</summary>
    public async Task AwaitTerminationAsync(CancellationToken cancellation = default)
    {
        while (!await AwaitTerminationAsync(LongestWait, cancellation).ConfigureAwait(false))
        {
        }
    }

    /// <summary>Waits for the end, but not longer than a time; false when the stream still runs. Throws what made it fail.</summary>
    public async Task<bool> AwaitTerminationAsync(TimeSpan timeout, CancellationToken cancellation = default)
    {
        var deadline = DateTime.UtcNow + timeout;
        while (true)
        {
            var left = deadline - DateTime.UtcNow;
            var wait = left < LongestWait ? left : LongestWait;
            // At least a millisecond: the server refuses to wait for none.
            var command = new StreamingQueryCommand { AwaitTermination = new() { TimeoutMs = Math.Max(1, (long)wait.TotalMilliseconds) } };
            if ((await Ask(command, cancellation).ConfigureAwait(false)).AwaitTermination.Terminated)
                return true;
            if (DateTime.UtcNow >= deadline)
                return false;
        }
    }

    /// <summary>Waits until everything that is there now went through; for tests.</summary>
    public void ProcessAllAvailable() => ProcessAllAvailableAsync().Now();

    /// <inheritdoc cref="ProcessAllAvailable"/>
    public Task ProcessAllAvailableAsync(CancellationToken cancellation = default) => Ask(new() { ProcessAllAvailable = true }, cancellation);

    /// <summary>Stops the stream; a batch that runs is broken off and done again at the next start.</summary>
    public void Stop() => StopAsync().Now();

    /// <inheritdoc cref="Stop"/>
    public Task StopAsync(CancellationToken cancellation = default) => Ask(new() { Stop = true }, cancellation);

    /// <summary>How Spark ran the last batch.</summary>
    public string ExplainString(bool extended = false) => Ask(new() { Explain = new() { Extended = extended } }).Now().Explain.Result;

    /// <summary>Prints how Spark ran the last batch.</summary>
    public void Explain(bool extended = false) => Console.WriteLine(ExplainString(extended));

    async Task<StreamingQueryCommandResult> Ask(StreamingQueryCommand command, CancellationToken cancellation = default)
    {
        command.QueryId = id;
        return (await client.ExecuteCommand(new() { StreamingQueryCommand = command }, cancellation).ConfigureAwait(false))?.StreamingQueryCommandResult ?? new();
    }
}
