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
    public bool IsActive() => Ask(new() { Status = true }).Status.IsActive;

    /// <summary>What the stream does at the moment.</summary>
    public StreamingQueryStatus Status()
    {
        var status = Ask(new() { Status = true }).Status;
        return new StreamingQueryStatus(status.StatusMessage, status.IsDataAvailable, status.IsTriggerActive);
    }

    /// <summary>The last batches, oldest first.</summary>
    public IReadOnlyList<StreamingQueryProgress> RecentProgress() =>
        [.. Ask(new() { RecentProgress = true }).RecentProgress.RecentProgressJson.Select(StreamingQueryProgress.Parse)];

    /// <summary>The last batch; null before the first.</summary>
    public StreamingQueryProgress? LastProgress() =>
        Ask(new() { LastProgress = true }).RecentProgress?.RecentProgressJson.Select(StreamingQueryProgress.Parse).LastOrDefault();

    /// <summary>Why the stream failed; null while it runs, or when it was stopped.</summary>
    public SparkException? Exception()
    {
        var exception = Ask(new() { Exception = true }).Exception;
        return exception?.HasExceptionMessage == true
            ? new SparkException(exception.ExceptionMessage, exception.HasErrorClass ? exception.ErrorClass : null)
            : null;
    }

    /// <summary>Waits for the end; throws what made the stream fail.</summary>
    public void AwaitTermination()
    {
        while (!AwaitTermination(LongestWait))
        {
        }
    }

    /// <summary>Waits for the end, but not longer than a time; false when the stream still runs. Throws what made it fail.</summary>
    public bool AwaitTermination(TimeSpan timeout)
    {
        var deadline = DateTime.UtcNow + timeout;
        while (true)
        {
            var left = deadline - DateTime.UtcNow;
            var wait = left < LongestWait ? left : LongestWait;
            // At least a millisecond: the server refuses to wait for none.
            if (Ask(new() { AwaitTermination = new() { TimeoutMs = Math.Max(1, (long)wait.TotalMilliseconds) } }).AwaitTermination.Terminated)
                return true;
            if (DateTime.UtcNow >= deadline)
                return false;
        }
    }

    /// <summary>Waits until everything that is there now went through; for tests.</summary>
    public void ProcessAllAvailable() => Ask(new() { ProcessAllAvailable = true });

    /// <summary>Stops the stream; a batch that runs is broken off and done again at the next start.</summary>
    public void Stop() => Ask(new() { Stop = true });

    /// <summary>How Spark ran the last batch.</summary>
    public string ExplainString(bool extended = false) => Ask(new() { Explain = new() { Extended = extended } }).Explain.Result;

    StreamingQueryCommandResult Ask(StreamingQueryCommand command)
    {
        command.QueryId = id;
        return client.ExecuteCommand(new() { StreamingQueryCommand = command })?.StreamingQueryCommandResult ?? new();
    }
}
